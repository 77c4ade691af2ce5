"""The metrics: one object with all the facts of each, and one registry that lists them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
