"""Propose a first configuration for a source, with reasons, for `counterpoise init`."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
