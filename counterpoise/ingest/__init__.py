"""Ingest: read a source of any kind into an immutable snapshot; values stay exact, unreadable lines are counted."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
