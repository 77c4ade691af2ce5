"""The runtime: executors for pieces of work, progress, memory, seeds, and refusals of the operating system."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
