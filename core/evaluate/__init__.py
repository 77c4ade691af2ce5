"""Honest evaluation: does resampling help the learners that are trained on the result?

`compare_strategies` returns the metrics record, a JSON-serialisable dictionary in the shape of
`counterpoise.core.metrics.record.MetricsRecord`, which says what each part means; numbers that are undefined are null.
The flow adds what is known of synthetic rows, of the previous version, of earlier looks at test, and of the stages.
"""

from counterpoise.core.evaluate.compare import compare_strategies
from counterpoise.core.evaluate.tables import EvaluationTables

__all__ = ["EvaluationTables", "compare_strategies"]
