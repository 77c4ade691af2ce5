"""Publishing: plans become Parquet files, files become a version, and a manifest makes the version visible."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
