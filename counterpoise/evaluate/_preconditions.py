"""Whether the rows of a source allow the evaluation that a configuration asks for, before anything is trained."""

from __future__ import annotations

import numpy as np

from counterpoise.config import BalanceConfig
from counterpoise.evaluate._amounts import check_costs
from counterpoise.evaluate._binary import positive_code
from counterpoise.evaluate._class_decisions import class_costs
from counterpoise.evaluate._tables import LabelCodes
from counterpoise.records import Snapshot
from counterpoise.runtime import names_refusals
from counterpoise.table import SourceTable, read_rejects


@names_refusals("evaluate")
def check_preconditions(config: BalanceConfig, snapshot: Snapshot, *, rejects_file: str) -> None:
    """Check the settings of an evaluation that name classes, and the cost of each positive row.

    Args:
        config: The configuration.
        snapshot: The source.
        rejects_file: The rows that validation rejected, which do not count; empty for none.

    Raises:
        ConfigError: A setting names a class that does not exist, or a cost that is no number from 0 on.
        EvaluationError: A positive has no cost, or none costs anything.
    """
    source = SourceTable(snapshot, config.columns)
    kept = np.ones(snapshot.rows, np.bool_)
    kept[read_rejects(rejects_file)["source_row"].to_numpy()] = False
    labels, settings = source.labels, config.evaluation
    codes = labels.codes[kept & (labels.codes >= 0)]
    present = np.unique(codes)
    if len(present) != 2:
        class_costs(settings, tuple(labels.classes[code] for code in present))
        return
    places = np.searchsorted(present, codes).astype(np.int32)
    found = LabelCodes(tuple(labels.classes[code] for code in present), places, places, places, places)
    positive = positive_code(found, settings.positive_class)
    costs = source.amounts(settings.cost_column, np.flatnonzero(kept & (labels.codes == present[positive])))
    if costs is not None:
        check_costs(costs, where="the source")
