"""Balanced, leak-proof, versioned training sets from imbalanced data, as a Prefect flow.

Names are loaded when they are first used: importing the package loads neither Prefect nor pandas.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
