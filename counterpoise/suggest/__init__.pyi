from ._config import propose_config as propose_config
from ._demo_table import write_sample as write_sample
from ._profile import ColumnSummary as ColumnSummary
from ._profile import profile_columns as profile_columns
from ._render import render_config as render_config
from ._separation import MIN_ROWS as MIN_ROWS
from ._separation import Separation as Separation
from ._separation import class_separation as class_separation
