"""The strategies against imbalance: one module each, with its facts, options, costs and sampler.

Nothing here knows of configuration, tables or files: samplers work on arrays. `counterpoise.resample` reads the train
rows, hands them over, and turns the outcome into a plan.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
