"""What work runs on: pieces of work on threads or a cluster, progress, memory, seeds, and what the system refuses."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
