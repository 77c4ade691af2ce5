"""Measure the quality of synthetic rows: compare them with real rows and check them against the source's rules."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
