"""The quality of synthetic rows: what they are like beside real ones, and whether they obey the source's rules.

`review_synthetic_rows` gives a `SyntheticReview`; its two parts stand in a version's metrics.json as
`synthetic_quality` and `resampled_validation`, in the shape of the records in `counterpoise.core.quality.records`.
"""

from counterpoise.core.quality.measure import synthetic_quality
from counterpoise.core.quality.records import SyntheticQuality, SyntheticReview
from counterpoise.core.quality.revalidate import ResampledTrain, validate_resampled
from counterpoise.core.quality.review import review_synthetic_rows

__all__ = [
    "ResampledTrain",
    "SyntheticQuality",
    "SyntheticReview",
    "review_synthetic_rows",
    "synthetic_quality",
    "validate_resampled",
]
