"""Choose the version to compare a source with."""

from __future__ import annotations

from counterpoise.config import BalanceConfig
from counterpoise.errors import VersionNotFoundError
from counterpoise.persist import DatasetFolder
from counterpoise.versions import Baseline, find_baseline, newest_promotion


def monitored_baseline(config: BalanceConfig) -> Baseline:
    """Return the version to compare the source with, as configured.

    Raises:
        VersionNotFoundError: No version was published or promoted, or the versions have no profile.
        IntegrityError: The version's profile was changed or damaged.
    """
    folder = DatasetFolder.of(config)
    wanted = _candidates(folder, config.monitor.baseline)
    baseline = find_baseline(config, among=wanted)
    if baseline is None:
        raise VersionNotFoundError(
            "nothing_to_compare_with",
            expected=f"a published version of {config.name} to compare the source with "
            f"(monitor.baseline: {config.monitor.baseline})",
            found=f"none in {config.output.root!r}",
            remedy="publish one first with `counterpoise run`, or choose another monitor.baseline",
        )
    return baseline


def _candidates(folder: DatasetFolder, which: str) -> list[int]:
    """Return the candidate versions, ascending; the last one with a profile becomes the baseline."""
    numbers = folder.version_numbers()
    if which == "newest":
        return numbers
    if which == "first":
        return numbers[:1]
    promotion = newest_promotion(folder)
    return [] if promotion is None else [promotion.version]
