from ._balance import BalancedFrame as BalancedFrame
from ._balance import balance_frame as balance_frame
from ._resample import resample_frame as resample_frame
from ._resample import resampling_pipeline as resampling_pipeline
