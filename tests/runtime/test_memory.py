from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.config import ResamplingConfig
from counterpoise.runtime._memory import format_size, free_memory, parse_size

MEMINFO = "MemTotal:       16000 kB\nMemFree:  100 kB\nMemAvailable:   8000 kB\n"


def system(root: Path, **files: str) -> Path:
    for name, content in {"proc/meminfo": MEMINFO, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


def test_what_the_machine_has_available_may_be_taken(tmp_path: Path) -> None:
    assert free_memory(system(tmp_path)) == 8000 * 1024


@pytest.mark.parametrize(
    ("cgroup", "files", "left"),
    [
        ("0::/job\n", {"job/memory.max": "5000", "job/memory.current": "2000"}, 3000),
        ("0::/job\n", {"memory.max": "4000", "memory.current": "3500", "job/memory.max": "max"}, 500),
        ("0::/\n", {"memory.max": "5000", "memory.current": "6000"}, 0),
        ("0::/\n", {"memory.max": "5000", "memory.current": "3000", "memory.stat": "a 1\ninactive_file 400\n"}, 2400),
        (
            "4:cpu:/x\n5:memory:/x\n",
            {"memory/x/memory.limit_in_bytes": "900", "memory/x/memory.usage_in_bytes": "1"},
            899,
        ),
        ("5:memory:/gone\n", {"memory/memory.limit_in_bytes": "900", "memory/memory.usage_in_bytes": "0"}, 900),
        ("0::/\n", {"memory.max": "max", "memory.current": "6000"}, 8000 * 1024),
    ],
)
def test_the_limit_of_a_control_group_is_respected(
    tmp_path: Path, cgroup: str, files: dict[str, str], left: int
) -> None:
    placed = {f"sys/fs/cgroup/{name}": content for name, content in files.items()}
    assert free_memory(system(tmp_path, **{"proc/self/cgroup": cgroup}, **placed)) == left


def test_without_linux_files_the_whole_memory_counts(tmp_path: Path) -> None:
    assert (free_memory(tmp_path) or 2**40) > 2**28


@given(st.floats(0.1, 9999).map(lambda number: f"{number:.2f}"), st.sampled_from(["MB", "GB", "MiB", "GiB"]))
def test_every_limit_that_the_configuration_takes_is_understood(number: str, unit: str) -> None:
    for text in (f"{number}{unit}", f"{number} {unit}"):
        assert ResamplingConfig(memory_limit=text).memory_limit == text
        assert parse_size(text) == pytest.approx(float(number) * parse_size(f"1 {unit}"), abs=1)


def test_other_texts_are_no_sizes() -> None:
    with pytest.raises(ValueError, match="'8 gigs' is not a size such as 8 GiB"):
        parse_size("8 gigs")


def test_sizes_are_told_in_the_unit_that_suits_them() -> None:
    assert [format_size(size) for size in (0, 1023.4 * 2**20, 1023.9 * 2**20, 2**43)] == [
        "1 MiB", "1,023 MiB", "1.0 GiB", "8,192 GiB"
    ]  # fmt: skip
