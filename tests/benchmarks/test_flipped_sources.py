from __future__ import annotations

import pytest

from benchmarks.flipped_sources import CHECKSUMS, SOURCES, campaign


@pytest.fixture(scope="module")
def results() -> dict[str, dict[str, int]]:
    return campaign(45, seed=7)


@pytest.mark.slow
@pytest.mark.parametrize("name", SOURCES)
def test_a_flip_is_refused_by_name_or_had_no_checksum_that_could_tell(
    results: dict[str, dict[str, int]], name: str
) -> None:
    """More than 300 flips: none ends without a name, and none changes a value behind a checksum."""
    counted = results[name]
    assert sum(counted.values()) == 45
    assert not [kind for kind in counted if kind.startswith("unnamed") or kind == "changed with checksums"]
    assert any(kind.startswith("refused") for kind in counted)
    if name in CHECKSUMS:
        assert "changed" not in counted
