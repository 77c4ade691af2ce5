"""The configuration of a dataset: one frozen model for YAML, the command line, Python and the Prefect form."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
