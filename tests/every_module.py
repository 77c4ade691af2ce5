"""Importing this imports every module of ours, so that the children of a process that has done so import none."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

for module in pkgutil.walk_packages([str(Path(__file__).parents[1] / "counterpoise")], "counterpoise."):
    if not module.name.endswith(("worker_template", "__main__")):
        importlib.import_module(module.name)
