"""Profile a source when a version is published, and compare later deliveries with it."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
