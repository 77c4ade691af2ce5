"""What becomes of publishing when a bucket misbehaves: every kind of fault at every call, once and for good.

    python benchmarks/faulty_store.py [--every 1] [--scenarios publish,source,multipart,after] [--for-good]

A proxy stands before moto's HTTP server and does to the n-th request what networks and stores do. Each run is one of
these, in this process: a small table is published; a source in a bucket is read and remembered; a file is uploaded in
parts, read back and fetched; a version is looked at, evaluated, promoted and read. After each, the bucket is looked at
without the proxy, and the same is done once more without faults. What is counted: versions that are partial, lost or
there twice, errors without a name or with a reason that is not the fault's, runs longer than a minute, and whether the
run after it succeeds.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import os
import sys
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the tests' S3 server and proxy

from tests.faulty_proxy import PASSING, Calls, Fault, faulty_proxy  # noqa: E402  # found by the path above
from tests.object_store import make_bucket, s3_server  # noqa: E402
from tests.versions.records import metrics_of  # noqa: E402  # as above

if TYPE_CHECKING:
    from counterpoise.config import BalanceConfig

AWAY = {"storage_unavailable", "storage_answer", "storage_contradiction", "unsettled_content", "no_free_number"}
SPOILT = {"other_bytes", "changed_files", "unreadable_file", "unreadable_promotion"}
REASONS: dict[str, set[str]] = {
    **dict.fromkeys(PASSING, AWAY),
    **dict.fromkeys(("flipped", "short body, told so", "odd answer", "stale list"), AWAY | SPOILT),
    "refused": {"storage_refused"},
    "read only": {"storage_refused"},
    "wrong region": {"wrong_region", "storage_failed"},  # an answer to HEAD says no more
    "forgotten condition": {"no_conditional_put"},
    "unknown condition": {"no_conditional_put"},
}
LASTING: tuple[Fault, ...] = ("refused", "read only", "wrong region", "forgotten condition", "unknown condition")
MINUTE = 60.0


@dataclass
class Result:
    """What was found in one run and after it."""

    scenario: str
    fault: str
    first: int
    lasting: bool
    seconds: float = 0.0
    error: str = ""
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Scenario:
    """What is done under faults.

    Attributes:
        name: Its name.
        do: Does it, given the address of a root of its own and a folder.
        ready: What must be there before, made without faults.
        publishes: Whether a version comes of it.
    """

    name: str
    do: Callable[[str, Path], None]
    ready: Callable[[str, Path], None] | None = None
    publishes: bool = True


class Doings:
    """What is tried; what is the same each time, such as plans, is made once.

    Args:
        folder: For files of runs.
    """

    def __init__(self, folder: Path) -> None:
        from tests.snapshots import mixed_table, run_engine

        self.run = run_engine(mixed_table(120), folder / "planned", columns={"target": "label", "ids": ["id"]})
        self.local = folder / "local"
        self.large = self.local / "data" / "large" / "part.bin"
        self.large.parent.mkdir(parents=True)
        self.large.write_bytes(os.urandom(17 << 20))

    def all(self) -> list[Scenario]:
        """Return all scenarios."""
        return [
            Scenario("publish", self.publish),
            Scenario("source", self.source, ready=self.put_source, publishes=False),
            Scenario("multipart", self.multipart, publishes=False),
            Scenario("after", self.after, ready=self.publish),
        ]

    def _config(self, root: str, **source: str) -> BalanceConfig:
        before = self.run.config
        sections = {"output": before.output.model_copy(update={"root": root})}
        return before.model_copy(update={**sections, "source": before.source.model_copy(update=source)})

    def publish(self, root: str, _: Path) -> None:
        """Publish a small table."""
        from counterpoise.persist import publish_version
        from counterpoise.versions import prepare_output
        from tests.snapshots import UNCHECKED

        config, run = self._config(root), self.run
        prepare_output(config)
        plans: dict[str, Any] = {"split": run.split, "resampling": run.resampling}
        publish_version(config, snapshot=run.snapshot, validation=UNCHECKED, **plans)

    def put_source(self, root: str, _: Path) -> None:
        """Put a source of 100 rows into the bucket."""
        from counterpoise.storage import store_at

        store_at(f"{root}/raw").replace("t.csv", b"a,label\n1,x\n2,y\n" + b"3,x\n4,y\n" * 49)

    def source(self, root: str, place: Path) -> None:
        """Read it, remember it, and know it again."""
        from counterpoise.ingest import ingest_source
        from counterpoise.versions import known_digest, prepare_output, remember_source

        config = self._config(root, path=f"{root}/raw/t.csv")
        known = known_digest(config)
        prepare_output(config)
        snapshot = ingest_source(config.source, target="label", folder=place / uuid.uuid4().hex)
        remember_source(config, snapshot)
        if snapshot.rows != 100 or known not in ("", snapshot.digest) or known_digest(config) != snapshot.digest:
            raise AssertionError(f"read {snapshot.rows} rows with the digest {snapshot.digest}, known {known}")

    def multipart(self, root: str, _: Path) -> None:
        """Upload a file in parts, read it back, and fetch it."""
        from counterpoise.persist import DatasetFolder
        from counterpoise.records import FileDigest
        from counterpoise.runtime import file_sha256
        from counterpoise.storage import fetch_checked, upload_checked

        store = DatasetFolder(root, "tested").store
        store.prepare()
        path, size = self.large.relative_to(self.local).as_posix(), self.large.stat().st_size
        file = FileDigest(path=path, rows=0, bytes=size, sha256=file_sha256(self.large))
        upload_checked(store, self.local, [file])
        with tempfile.TemporaryDirectory() as copies:
            fetch_checked(store, Path(copies), [file])

    def after(self, root: str, _: Path) -> None:
        """Find a version, look at it, evaluate, promote, open and verify it."""
        from counterpoise.errors import IntegrityError
        from counterpoise.evaluate import find_evaluation, publish_evaluation
        from counterpoise.persist import DatasetFolder
        from counterpoise.verify._version import verify_version
        from counterpoise.versions import find_version, open_version, promote_by_hand, record_access

        version = find_version(self._config(root), self.run.snapshot.digest)
        assert version is not None, "the version that was published is not found"  # noqa: S101  # told as a finding
        looks = record_access(DatasetFolder(root, "tested"), "0" * 16, key=version.run_key, version=1)
        publish_evaluation(version, metrics=metrics_of(), html="<p>report</p>")
        promote_by_hand(version)
        found = [open_version(f"{root}/tested@{name}").number for name in ("promoted", 1)]
        if wrong := verify_version(root, "tested", 1):
            raise IntegrityError("changed_files", expected="none", found="; ".join(wrong), remedy="none")
        if looks or found != [1, 1] or find_evaluation(version) is None:
            raise AssertionError(f"looks {looks}, versions {found}")


class Campaign:
    """Runs scenarios against a bucket behind a proxy.

    Args:
        endpoint: The store without the proxy.
        folder: For files of runs.
    """

    def __init__(self, endpoint: str, folder: Path) -> None:
        self.endpoint, self.folder = endpoint, folder
        self.bucket = make_bucket(endpoint)
        self.calls = Calls()

    @contextlib.contextmanager
    def proxied(self) -> Iterator[str]:
        """Start the proxy that all runs go through."""
        with faulty_proxy(self.endpoint, self._choose) as proxy:
            yield proxy

    def _choose(self, method: str, path: str) -> Fault:
        return self.calls(method, path)  # another one for each run

    def count(self, proxy: str, scenario: Scenario) -> int:
        """Return how many requests a scenario makes without faults."""
        result = self.run(proxy, scenario, "none", 0)
        if result.error or result.wrong:
            raise RuntimeError(f"without faults: {result}")
        return len(self.calls.seen)

    def run(self, proxy: str, scenario: Scenario, fault: Fault, first: int, *, lasting: bool = False) -> Result:
        """Run a scenario with a fault and look at what is left."""
        from counterpoise.errors import CounterpoiseError

        root = f"{self.bucket}/{uuid.uuid4().hex[:12]}"
        result = Result(scenario.name, fault, first, lasting)
        with self._direct():
            if scenario.ready is not None:
                scenario.ready(root, self.folder)
        self.calls = Calls(fault, first, 10**9 if lasting else first)
        os.environ["AWS_ENDPOINT_URL"] = proxy
        started = time.monotonic()
        try:
            scenario.do(root, self.folder)
        except CounterpoiseError as error:
            result.error = f"{type(error).__name__} {error.reason}"
            if error.reason not in REASONS[fault]:
                result.wrong.append(f"reason {error.reason}: {str(error)[:300]}")
        except Exception as error:  # noqa: BLE001  # each is a finding
            result.error = type(error).__name__
            result.wrong.append(f"no name: {type(error).__name__}: {str(error)[:300]}")
        result.seconds = time.monotonic() - started
        if result.seconds > MINUTE:
            result.wrong.append(f"took {result.seconds:.0f} s")
        with self._direct():
            result.wrong += self._left(root, scenario, result)
        return result

    @contextlib.contextmanager
    def _direct(self) -> Iterator[None]:
        os.environ["AWS_ENDPOINT_URL"] = self.endpoint
        yield

    def _left(self, root: str, scenario: Scenario, result: Result) -> list[str]:
        """Return what is wrong in the bucket after a run, and after the same without faults."""
        wrong = _wrong_versions(root)
        if scenario.publishes and not result.error and not _numbers(root):
            wrong.append("lost version")
        try:
            scenario.do(root, self.folder)
        except Exception as error:  # noqa: BLE001  # each is a finding
            wrong.append(f"the run after it failed: {type(error).__name__}: {str(error)[:300]}")
        if scenario.publishes and _numbers(root) != [1]:
            wrong.append(f"versions after the next run: {_numbers(root)}")
        return wrong + _wrong_versions(root)


def _numbers(root: str) -> list[int]:
    from counterpoise.persist import DatasetFolder

    return DatasetFolder(root, "tested").version_numbers()


def _wrong_versions(root: str) -> list[str]:
    from counterpoise.verify._version import verify_version

    wrong = [
        f"version {number}: {line}" for number in _numbers(root) for line in verify_version(root, "tested", number)
    ]
    return [*wrong, f"duplicate versions {_numbers(root)}"] if len(_numbers(root)) > 1 else wrong


def summary(results: list[Result]) -> str:
    """Return a table of what was found by scenario and fault."""
    lines = [
        "| scenario | fault | lasting | runs | survived | errors | wrong | longest |",
        "|---|---|---|---|---|---|---|---|",
    ]
    groups = collections.defaultdict[tuple[str, str, bool], list[Result]](list)
    for result in results:
        groups[result.scenario, result.fault, result.lasting].append(result)
    for (scenario, fault, lasting), found in groups.items():
        errors = collections.Counter(one.error.rpartition(" ")[2] for one in found if one.error)
        told = ", ".join(f"{reason} {count}" for reason, count in errors.most_common()) or "-"
        survived, bad = sum(not one.error for one in found), sum(bool(one.wrong) for one in found)
        longest = max(one.seconds for one in found)
        lines.append(
            f"| {scenario} | {fault} | {'yes' if lasting else 'once'} | {len(found)} | {survived} | {told} | {bad} "
            f"| {longest:.1f} s |"
        )
    return "\n".join(lines)


def campaign(
    chosen: list[str], *, every: int = 1, lasting: bool = False, faults: tuple[Fault, ...] = (), report: bool = True
) -> list[Result]:
    """Run scenarios with each fault at each call, and return what was found.

    Args:
        chosen: The names of the scenarios.
        every: Only each n-th call.
        lasting: Let the faults begin at the call and never end, and try those too that are none for once.
        faults: Which faults; all where it is left out.
        report: Whether to print what is wrong as it is found.
    """
    os.environ |= {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_REGION": "us-east-1"}
    os.environ.setdefault("COUNTERPOISE_STORE_TIMEOUT", "2")
    results = []
    with tempfile.TemporaryDirectory() as place, s3_server() as endpoint:
        runs = Campaign(endpoint, Path(place))
        with runs.proxied() as proxy:
            for scenario in [one for one in Doings(Path(place)).all() if one.name in chosen]:
                calls = runs.count(proxy, scenario)
                tried = faults or (*PASSING, *(LASTING if lasting else ()))
                for number, fault in enumerate(tried):
                    begin = 1 + number * min(every, calls) // len(tried)  # of a sample each fault has other calls
                    for first in [1] if fault in LASTING else range(begin, calls + 1, every):
                        results.append(runs.run(proxy, scenario, fault, first, lasting=lasting))
                        if report and results[-1].wrong:
                            print(json.dumps(vars(results[-1])), flush=True)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1, help="only each n-th call")
    parser.add_argument("--scenarios", default="publish,source,multipart,after")
    parser.add_argument("--faults", default="", help="only these, with semicolons between them")
    parser.add_argument("--for-good", action="store_true", help="faults begin at a call and never end")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    faults = tuple(one for one in options.faults.split(";") if one)
    results = campaign(
        options.scenarios.split(","),
        every=options.every,
        lasting=options.for_good,
        faults=faults,
    )
    print(summary(results))
    bad = sum(bool(one.wrong) for one in results)
    print(f"{len(results)} runs, {sum(not one.error for one in results)} succeeded in spite of the fault, {bad} wrong")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
