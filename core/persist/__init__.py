"""Publishing: plans become Parquet files, files become a version, and a version can be verified."""

from __future__ import annotations

from counterpoise.core.persist.manifest import library_versions
from counterpoise.core.persist.publish import publish_version
from counterpoise.core.persist.verify import verify_version

__all__ = ["library_versions", "publish_version", "verify_version"]
