"""Time of split + resample + persist on a Dask cluster of this machine beside the local engine, in one run.

    python benchmarks/dask_engine.py [--rows 2000000] [--rounds 3] [--workers 2] [--strategies random_over smote]
    python benchmarks/dask_engine.py --stays [--rows 2000000]

The table is that of `engine.py`. Both engines run the same stages as tasks of a Prefect flow, in turns, against one
temporary server, in one process that has made its imports; so do the workers of a cluster that is there already. Apart
from that the time a run's own cluster takes to start, import and end is shown. `--stays` tells how much of the work no
cluster takes off the run's own process. Compare the ratios, not the seconds: the first is that of the stages, the
second that of the seconds of all processors, which other work on the machine changes least.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import engine  # type: ignore[import-not-found]  # it lies beside this file

from counterpoise.config import BalanceConfig, EngineConfig
from counterpoise.records import Validation
from counterpoise.runtime import LOCAL, Piece

if TYPE_CHECKING:
    from distributed import Client

P = TypeVar("P", bound=Piece)
R = TypeVar("R")

os.environ |= {
    "DO_NOT_TRACK": "1",
    "PREFECT_LOGGING_LEVEL": "ERROR",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
}

KINDS = ("local", "dask, cluster there", "dask, cluster of its own")


def configuration(source: Path, strategy: str, folder: Path) -> BalanceConfig:
    """Return the same configuration as in `engine.py`."""
    return BalanceConfig(
        name="bench",
        source={"path": str(source)},
        columns={"target": "label", "ids": ["id"]},
        split={"duplicates": "ignore"},
        resampling={"strategy": strategy},
        output={"root": str(folder)},
    )


def run_stages(
    source: Path, strategy: str, folder: Path, config: EngineConfig, *, cpu: Callable[[], float] = time.process_time
) -> dict[str, Any]:
    """Run the stages and return their seconds, those of all processors together, and the digests of the files."""
    from prefect import flow

    from counterpoise.tasks.engine import running_engine
    from counterpoise.tasks.persist import persist
    from counterpoise.tasks.resample import resample
    from counterpoise.tasks.split import split
    from counterpoise.versions import open_version

    settings = configuration(source, strategy, folder)
    snapshot, unchecked = engine.snapshot_of_file(source), Validation(success=True, outcomes=())

    @flow(persist_result=False)
    def stages() -> float:
        started = time.perf_counter()
        with running_engine(config):
            plan = split(settings, snapshot, unchecked, folder=folder)
            resampling = resample(settings, snapshot, plan, folder=folder)
            began = time.perf_counter()
            persist(settings, snapshot=snapshot, validation=unchecked, split=plan, resampling=resampling)
            ended = time.perf_counter()
        seconds.update(persist=ended - began, stages=ended - started, everything=time.perf_counter() - started)
        return ended

    seconds: dict[str, float] = {}
    folder.mkdir()
    os.sync()
    used = cpu()
    stages()
    seconds["cpu"] = cpu() - used
    manifest = open_version(folder / "bench").manifest
    files = {file.path.removeprefix(manifest.data): file.sha256 for file in manifest.files}
    shutil.rmtree(folder)
    return {**seconds, "files": files}


@contextmanager
def standing_cluster(workers: int) -> Iterator[tuple[Client, str]]:
    """Run a cluster as docs/scale.md says, whose workers have made their imports; yield a client and the address."""
    import dask
    from distributed import Client, LocalCluster

    options = {"threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"}
    with (
        dask.config.set({"distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None}),
        LocalCluster(n_workers=workers, **options) as cluster,  # type: ignore[no-untyped-call]
        # Were it the default one, Prefect would use it for the run's own cluster, too.
        Client(cluster, set_as_default=False) as client,  # type: ignore[no-untyped-call]
    ):
        client.run(import_what_pieces_need)
        yield client, cluster.scheduler_address


def cpu_seconds(client: Client) -> float:
    """Return what this process, its workers, and those that have ended have used of all processors."""
    ended = os.times()
    working: dict[str, float] = client.run(time.process_time)
    return time.process_time() + ended.children_user + ended.children_system + sum(working.values())


def import_what_pieces_need() -> None:
    """Import what a worker imports with its first piece."""
    engine.import_libraries()
    for name in ("counterpoise.persist._files.part_piece", "counterpoise.tasks.persist"):
        importlib.import_module(name)


class Watched:
    """The local engine, made to write what pieces need as for a cluster, and to tell how long they took."""

    distributed = True

    def __init__(self) -> None:
        self.seconds = 0.0

    def map(self, work: Callable[[P], R], pieces: Sequence[P]) -> Iterator[tuple[int, R]]:
        """Yield results as `Engine` says, and count the seconds."""
        began = time.perf_counter()
        results = list(LOCAL.map(work, pieces))
        self.seconds = time.perf_counter() - began
        yield from results


def what_stays(source: Path, strategy: str, folder: Path) -> None:
    """Print a line of seconds: all stages, and what of them no cluster takes off the run's own process."""
    from counterpoise.persist import publish_version
    from counterpoise.resample import plan_resampling
    from counterpoise.split import split_snapshot

    settings, unchecked = configuration(source, strategy, folder), Validation(success=True, outcomes=())
    snapshot, watched = engine.snapshot_of_file(source), Watched()
    started = time.perf_counter()
    split = split_snapshot(
        snapshot, columns=settings.columns, config=settings.split, validation=unchecked, seed=0, folder=folder / "split"
    )
    plan = plan_resampling(
        snapshot, split, columns=settings.columns, config=settings.resampling, seed=0, folder=folder / "plan"
    )
    version = publish_version(
        settings, snapshot=snapshot, validation=unchecked, split=split, resampling=plan, engine=watched
    )
    seconds = time.perf_counter() - started
    written = sum(path.stat().st_size for path in Path(version.root).rglob("*.parquet"))
    stays, rows = seconds - watched.seconds, snapshot.rows
    print(f"| {rows:,} | {strategy} | {seconds:.2f} | {stays:.2f} | {1e6 * stays / rows:.2f} | {written / rows:.0f} |")
    shutil.rmtree(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--strategies", nargs="+", default=["random_over", "smote"])
    parser.add_argument("--stays", action="store_true")
    options = parser.parse_args()
    logging.getLogger("distributed").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as place:
        os.environ["PREFECT_HOME"] = str(Path(place) / "prefect")
        compare(Path(place), options)


def compare(place: Path, options: argparse.Namespace) -> None:
    """Run all engines in turns and print a Markdown table."""
    source = place / "source.parquet"
    engine.make_table(source, options.rows)
    import_what_pieces_need()
    if options.stays:
        print("| rows | strategy | all stages, s | stays, s | µs a source row | bytes written a source row |")
        print("|---:|---|---:|---:|---:|---:|")
        for strategy in options.strategies:
            what_stays(source, strategy, place / "run")
        return
    print(f"{options.rows:,} × 31, {options.workers} workers, medians of {options.rounds} rounds\n")
    print(
        "| strategy | engine | stages, s | of these persist | with start and end | processors, s | / local | / local |"
    )
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    with standing_cluster(options.workers) as (client, address):
        configs = (
            EngineConfig(),
            EngineConfig(kind="dask", address=address),
            EngineConfig(kind="dask", workers=options.workers),
        )
        run_stages(source, "random_over", place / "first", configs[0])  # the server starts
        for strategy in options.strategies:
            rounds = [
                [
                    run_stages(source, strategy, place / "run", config, cpu=partial(cpu_seconds, client))
                    for config in configs
                ]
                for _ in range(options.rounds)
            ]
            if any(one["files"] != rounds[0][0]["files"] for each in rounds for one in each):
                raise SystemExit("the files are not the same bytes")
            report(strategy, rounds)


def report(strategy: str, rounds: list[list[dict[str, Any]]]) -> None:
    """Print the lines of a strategy: medians of seconds, and of the ratios within a round."""
    for number, kind in enumerate(KINDS):
        own = [each[number] for each in rounds]
        ratios = [
            statistics.median(each[number][name] / each[0][name] for each in rounds) for name in ("stages", "cpu")
        ]
        seconds = [statistics.median(one[name] for one in own) for name in ("stages", "persist", "everything", "cpu")]
        shown = " | ".join(f"{value:.2f}" for value in (*seconds, *ratios))
        print(f"| {strategy} | {kind} | {shown} |", flush=True)


if __name__ == "__main__":
    main()
