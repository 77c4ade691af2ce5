"""Models of published results: metrics, rankings, promotions and the facts of each stage."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
