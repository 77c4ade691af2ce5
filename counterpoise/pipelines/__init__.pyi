from ._batches import BalancedBatches as BalancedBatches
from ._group_split import StratifiedGroupSplit as StratifiedGroupSplit
from ._sampler import Sampler as Sampler
from ._time_split import GroupTimeSplit as GroupTimeSplit
