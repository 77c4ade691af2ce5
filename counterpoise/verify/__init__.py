"""Verify versions: recompute their statements from their files and, if available, from their source."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
