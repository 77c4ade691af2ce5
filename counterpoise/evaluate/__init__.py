"""Honest evaluation: does resampling help the learners that are trained on the result?

`compare_strategies` returns the metrics record, a JSON-serialisable dictionary in the shape of
`counterpoise.results.MetricsRecord`; undefined numbers are null.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
