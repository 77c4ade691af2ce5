"""Threads and linear algebra start only where there is memory for them; else a named refusal ends the stage."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import counterpoise
from counterpoise.runtime import require_memory, thread_pool
from tests.processes import PATIENCE

_LIMITED = """
import resource
from pathlib import Path
import numpy as np
from counterpoise.errors import CounterpoiseError
from counterpoise.evaluate._learners import fit_learner
from counterpoise.runtime import names_refusals, thread_pool

@names_refusals("split")
def threads():
    with thread_pool(2) as pool:
        list(pool.map(abs, range(4)))

@names_refusals("evaluate")
def learner():
    rows = np.arange(400.0).reshape(100, 4)
    fit_learner("logistic_regression", rows, np.arange(100) % 2, classes=2, seed=0)

import sklearn.linear_model, sklearn.pipeline, concurrent.futures.thread
pages = int(Path("/proc/self/statm").read_text().split()[0])
limit = pages * resource.getpagesize() + {more}
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    {what}()
except CounterpoiseError as error:
    print(error.stage, error.reason)
"""


@pytest.mark.slow
@pytest.mark.parametrize("more", [0, 4 << 20])
@pytest.mark.parametrize(("what", "stage"), [("threads", "split"), ("learner", "evaluate")])
def test_what_may_not_have_the_memory_it_needs_is_refused_by_name_and_ends(what: str, stage: str, more: int) -> None:
    program = _LIMITED.replace("{what}", what).replace("{more}", str(more))
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (done.stdout, done.returncode) == (f"{stage} out_of_memory\n", 0), done.stderr


def test_memory_that_is_there_is_asked_for_and_given_back() -> None:
    for _ in range(1000):
        require_memory(1 << 30)


def test_a_pool_has_as_many_threads_as_were_asked_for() -> None:
    with thread_pool(3) as pool:
        assert sorted(pool.map(abs, [-2, -1, 0])) == [0, 1, 2]
        assert pool._max_workers == 3


def test_every_pool_of_the_library_asks_for_its_memory_first() -> None:
    folder = Path(counterpoise.__file__).parent
    makers = {
        str(path.relative_to(folder))
        for path in folder.rglob("*.py")
        if re.search(r"ThreadPoolExecutor\(|threading\.Thread\(", path.read_text())
    }
    assert makers == {"runtime/_executor.py"}
