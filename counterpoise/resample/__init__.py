"""Resampling of the train partition as a plan: rows to repeat, rows to drop, and parents of synthetic rows."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
