"""Publish versions: write the planned rows as Parquet files, certify them, and make them visible with a manifest."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
