"""Where datasets and sources lie: a folder of this machine, or a bucket of S3, Google Cloud Storage or Azure.

Nothing else in `core/` knows the difference: it reads and creates small files by name, and large ones are made, and
read, as local files.
"""

from counterpoise.core.storage.address import is_remote, join_address, parse_store_address
from counterpoise.core.storage.store import Store, StoredFile, store_at

__all__ = ["Store", "StoredFile", "is_remote", "join_address", "parse_store_address", "store_at"]
