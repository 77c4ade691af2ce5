from ._names import resolve_column as resolve_column
from ._notations.registry import FAMILIES as FAMILIES
from ._registry import source_formats as source_formats
from ._remote_files import source_place as source_place
from ._source_files import find_files as find_files
from ._stage import identify_source as identify_source
from ._stage import ingest_source as ingest_source
from ._stage import source_identity as source_identity
