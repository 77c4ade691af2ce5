"""Building blocks for other pipelines, with the interfaces of scikit-learn, imbalanced-learn and PyTorch."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
