from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest

from counterpoise.table._labels import encode_labels


@pytest.mark.parametrize(
    ("column", "classes", "codes"),
    [
        (pa.chunked_array([["no", None, "yes"], ["no"]]), ("no", "yes"), [0, -1, 1, 0]),
        (pa.chunked_array([[10, 9, None]]), ("9", "10"), [1, 0, -1]),
        (pa.chunked_array([[True, False, None]]), ("false", "true"), [1, 0, -1]),
        (pa.chunked_array([[1.0, math.nan, 0.0]]), ("0.0", "1.0"), [1, -1, 0]),
        (pa.chunked_array([[1.0, -0.0, 0.0]]), ("0.0", "1.0"), [1, 0, 0]),
        (pa.chunked_array([np.array([1, -0.0, math.nan, 0], "f2")]), ("0.0", "1.0"), [1, 0, -1, 0]),
        (pa.chunked_array([pa.array(["b", None, "a"]).dictionary_encode()]), ("a", "b"), [1, -1, 0]),
        (pa.chunked_array([["NA", "x"]]), ("NA", "x"), [0, 1]),
    ],
)
def test_classes_are_coded_in_the_order_of_their_values(
    column: pa.ChunkedArray, classes: tuple[str, ...], codes: list[int]
) -> None:
    labels = encode_labels(column)
    assert labels.classes == classes
    assert labels.codes.tolist() == codes


def test_counts_leave_null_labels_out_and_keep_absent_classes() -> None:
    labels = encode_labels(pa.chunked_array([["a", None, "b", "a"]]))
    assert labels.counts() == {"a": 2, "b": 1}
    assert labels.counts(np.array([0, 1])) == {"a": 1, "b": 0}
