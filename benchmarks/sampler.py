"""Processor seconds of `Sampler` and of imbalanced-learn's samplers on the same arrays, of which 5 % are positive.

Run with `OMP_NUM_THREADS=1 python benchmarks/sampler.py [ROWSxCOLUMNS ...]`. Each figure is the median of three runs.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import Any

import numpy as np
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler

from counterpoise import Sampler

SIZES = ("1000x10", "20000x20", "200000x20", "1000x2000")
PAIRS: dict[str, tuple[Any, Any]] = {
    "smote": (Sampler("smote"), SMOTE(random_state=0)),
    "smote, scale=False, grid=False": (Sampler("smote", scale=False, grid=False), SMOTE(random_state=0)),
    "random_over": (Sampler("random_over"), RandomOverSampler(random_state=0)),
    "random_under": (Sampler("random_under"), RandomUnderSampler(random_state=0)),
}


def seconds(sampler: Any, rows: Any, labels: Any) -> float:
    found = []
    for _ in range(3):
        started = time.process_time()
        sampler.fit_resample(rows, labels)
        found.append(time.process_time() - started)
    return statistics.median(found)


def main() -> None:
    rng = np.random.default_rng(0)
    for size in sys.argv[1:] or SIZES:
        rows, columns = map(int, size.split("x"))
        data, labels = rng.normal(size=(rows, columns)), (rng.random(rows) < 0.05).astype(int)
        for name, pair in PAIRS.items():
            ours, theirs = (seconds(one, data, labels) for one in pair)
            print(f"{size:>10}  {name:<30}  Sampler {ours:6.3f} s  imbalanced-learn {theirs:6.3f} s", flush=True)


if __name__ == "__main__":
    main()
