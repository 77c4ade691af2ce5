"""Format text for people: numbers and names in words, and outside text made safe for a terminal."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
