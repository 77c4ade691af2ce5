"""Secrets: where they may appear, how they are recognised, and how they are removed from text."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
