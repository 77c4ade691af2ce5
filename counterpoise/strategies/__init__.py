"""The strategies against imbalance: one module each, with its facts, options, costs and sampler.

This room knows no configuration, tables or files: samplers work on arrays. `counterpoise.resample` reads the train
rows, passes them on, and turns the result into a plan.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
