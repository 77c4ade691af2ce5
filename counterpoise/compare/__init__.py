"""Cross-validated comparison: every strategy with every learner on the same folds of train, and a final test."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
