from ._check import DriftFindings as DriftFindings
from ._check import ask_suite as ask_suite
from ._check import check_source as check_source
from ._check import monitored_baseline as monitored_baseline
from ._markdown import changes_table as changes_table
from ._markdown import describe_status as describe_status
from ._markdown import render_monitor as render_monitor
from ._records import MonitorReport as MonitorReport
