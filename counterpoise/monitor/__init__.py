"""Monitoring: check a source against a published version without publishing, and report the age of both."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
