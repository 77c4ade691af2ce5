"""The profile of a source when a version was published, and how a later delivery differs from it."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
