"""The quality of synthetic rows: how they compare with real rows, and whether they obey the source's rules."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
