from ._version import __version__ as __version__
from .config import BalanceConfig as BalanceConfig
from .config import load_config as load_config
from .flows.balance import balance as balance
from .frames import balance_frame as balance_frame
from .frames import resample_frame as resample_frame
from .pipelines import Sampler as Sampler
from .versions import open_version as open_version
