from ._balance import BalancedFrame as BalancedFrame
from ._balance import balance_frame as balance_frame
from ._open import column_names as column_names
from ._resample import ResampledFrame as ResampledFrame
from ._resample import resample_frame as resample_frame
from ._resample import resample_with_keys as resample_with_keys
from ._resample import resampling_pipeline as resampling_pipeline
from ._resampled import Parents as Parents
