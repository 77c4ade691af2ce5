"""Kills and refusals: what is left, what a reader sees meanwhile, and what the errors say.

    python benchmarks/faults.py kills [--run 100] [--rebuild 30] [--put-away 30] [--changes 60]
    python benchmarks/faults.py limits [--stages ingest persist …] [--faults "read-only" …]

`kills`: SIGKILL at calls of the operating system and at random moments of a run, an in-place rebuild and a put-away,
while another process verifies all versions all the time; then the same again and an unchanged run, after which all
must verify and nothing may be left. `limits`: every stage on a full and a read-only disk and under limits on files,
memory, rights and threads; needs root for the disks, which are small ones in memory.

Exit code 1 where a version is hurt, a reader is alarmed, something is left, or an error has no name.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DISK = "16m"


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="faults-") as place:
        return _kills(options, Path(place)) if options.what == "kills" else _limits(options, Path(place))


def _kills(options: argparse.Namespace, place: Path) -> int:
    from benchmarks.faulty.jobs import load_libraries
    from benchmarks.faulty.kills import change_often, kill_at_points, make_templates

    load_libraries()
    templates, bad = make_templates(place), 0
    for job, points in (("run", options.run), ("rebuild", options.rebuild), ("put away", options.put_away)):
        started = time.perf_counter()
        tally = kill_at_points(job, templates[job], points=points, place=place, seed=options.seed)
        print(
            f"{job}: {points} tries, {tally.kills} killed, {tally.checks} checks, {len(tally.alarms)} false alarms, "
            f"{len(tally.broken)} broken, {len(tally.left)} left behind, {time.perf_counter() - started:.0f} s"
        )
        bad += _show(tally.bad)
    tally = change_often(templates["rebuild"], changes=options.changes, place=place)
    print(f"{options.changes} changes of the train rows: {tally.checks} checks, {len(tally.alarms)} false alarms")
    return 1 if bad + _show(tally.bad) else 0


def _limits(options: argparse.Namespace, place: Path) -> int:
    from benchmarks.faulty.limits import FAULTS, STAGES, prepare, try_stage

    with _small_disk(place / "disk") as disk:
        prepare(disk, place / "kept")
        trials = []
        for stage in options.stages or STAGES:
            own = [try_stage(disk, place / "kept", stage=stage, fault=fault) for fault in options.faults or FAULTS]
            print(f"{stage}: {dict(Counter(trial.ended for trial in own).most_common())}")
            trials += own
    refused = Counter(trial.ended for trial in trials if not trial.bad)
    print(f"{len(trials)} points, {sum(trial.bad for trial in trials)} bad; ended: {dict(refused.most_common())}")
    return (
        1
        if _show([f"{one.stage}, {one.fault}: {one.ended} {'; '.join(one.wrong)}" for one in trials if one.bad])
        else 0
    )


def _show(bad: list[str]) -> int:
    for line in bad:
        print(f"  {line}")
    return len(bad)


@contextmanager
def _small_disk(place: Path) -> Iterator[Path]:
    """Give a file system of its own, in memory."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="what", required=True)
    kills = commands.add_parser("kills")
    for name, times in (("run", 100), ("rebuild", 30), ("put-away", 30), ("changes", 60)):
        kills.add_argument(f"--{name}", type=int, default=times)
    kills.add_argument("--seed", type=int, default=0)
    limits = commands.add_parser("limits")
    limits.add_argument("--stages", nargs="+")
    limits.add_argument("--faults", nargs="+")
    return parser.parse_args()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a script finds only what lies beside it
    sys.exit(main())
