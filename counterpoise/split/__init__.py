"""Split rows into train, validation and test at random, by key or by time; equal rows and groups stay together."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
