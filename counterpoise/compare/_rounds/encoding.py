"""A round's features as numbers: the encoder is fitted only on the rows that the round trains on."""

from __future__ import annotations

import pickle
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from counterpoise.compare._rounds.training_rows import TrainingRows
from counterpoise.evaluate import FeatureEncoder, FeaturePlan, gathered_warnings
from counterpoise.results import Comparison, Encoding, HeldOut
from counterpoise.table import SnapshotReader


def encode_round(comparison: Comparison, number: int) -> Encoding:
    """Encode a round's train and test rows, and store them and the encoder in the comparison's folder.

    Args:
        comparison: The rows and folds.
        number: The round; the one after the last trains on all rows and tests none.
    """
    training_rows = TrainingRows(comparison)
    table = training_rows.table
    trained, tested = training_rows.trained(number), training_rows.tested(number)
    parts = {"train": table.filter(pa.array(trained)), "test": table.filter(pa.array(tested))}
    plan = FeaturePlan.of(parts["train"], comparison.rules.columns.target)
    encoder = FeatureEncoder(plan, seed=comparison.rules.seeds.learner)
    with gathered_warnings() as notes:
        np.save(training_rows.features_file("train", number), encoder.fit_transform(parts["train"]))
        if tested.any():
            np.save(training_rows.features_file("test", number), encoder.transform(parts["test"]))
    training_rows.encoder_file(number).write_bytes(pickle.dumps(encoder))
    return Encoding(features=encoder.describe(), notes=tuple(dict.fromkeys([*plan.notes(), *notes])))


def encode_final(comparison: Comparison, held_out: HeldOut) -> Encoding:
    """Encode all train rows, and validation and test with the encoder that was fitted on them.

    Args:
        comparison: The rows and folds.
        held_out: The untouched rows.
    """
    encoding, training_rows = encode_round(comparison, comparison.rounds), TrainingRows(comparison)
    with gathered_warnings() as notes:
        for name, snapshot in (("validation", held_out.validation), ("test", held_out.test)):
            rows = SnapshotReader(snapshot).read_rows(np.arange(snapshot.rows), training_rows.source.roles.data)
            np.save(training_rows.features_file(name, comparison.rounds), training_rows.encode(rows, comparison.rounds))
    return encoding.model_copy(update={"notes": tuple(dict.fromkeys([*encoding.notes, *notes]))})


def with_encodings(comparison: Comparison, encodings: Sequence[Encoding]) -> Comparison:
    """Return the comparison with the first round's description of the features, and the notes of all rounds."""
    notes = dict.fromkeys(note for encoding in encodings for note in encoding.notes)
    return comparison.model_copy(update={"features": encodings[0].features, "notes": (*comparison.notes, *notes)})
