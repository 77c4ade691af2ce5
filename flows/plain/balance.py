"""From a raw source to a published, verified, balanced dataset."""

from __future__ import annotations

import logging
from pathlib import Path

from counterpoise.config import BalanceConfig
from counterpoise.flows.workspace import run_workspace
from counterpoise.records import DatasetVersion, Report
from counterpoise.tasks.announce import announce
from counterpoise.tasks.engine import running_engine
from counterpoise.tasks.evaluate import evaluate
from counterpoise.tasks.ingest import ingest
from counterpoise.tasks.persist import persist
from counterpoise.tasks.promote import promote
from counterpoise.tasks.reporting import log
from counterpoise.tasks.resample import resample
from counterpoise.tasks.split import split
from counterpoise.tasks.validate import validate, validate_split


def balance(config: BalanceConfig) -> DatasetVersion:
    """Run the stages of the flow `balance`, which describes them."""
    from counterpoise.versions import known_digest

    with run_workspace(config) as folder, running_engine(config.engine):
        version = _published_before(config, known_digest(config)) or _publish(config, folder)
        if config.promotion.rule != "never":
            promote(config, version=version)
        return version


def _publish(config: BalanceConfig, folder: Path) -> DatasetVersion:
    from counterpoise.versions import prepare_output, remember_source

    prepare_output(config)
    snapshot = ingest(config, folder=folder)
    remember_source(config, snapshot)
    if known := _published_before(config, snapshot.digest):
        return known
    validation = validate(config, snapshot, folder=folder)
    plan = split(config, snapshot, validation, folder=folder)
    validation = validate_split(config, snapshot, validation, plan, folder=folder)
    resampling = resample(config, snapshot, plan, folder=folder)
    version = persist(config, snapshot=snapshot, validation=validation, split=plan, resampling=resampling)
    announce(config, version)
    evaluate(config, snapshot=snapshot, validation=validation, split=plan, resampling=resampling, version=version)
    return _without_recipe_rows(version)


def _published_before(config: BalanceConfig, digest: str) -> DatasetVersion | None:
    """Return the version of an unchanged source and configuration, if it was also evaluated."""
    from counterpoise.evaluate import evaluation_problem, is_evaluated
    from counterpoise.versions import find_version

    known = find_version(config, digest)
    if known is None or (config.evaluation.enabled and not is_evaluated(known)):
        return None
    if problem := evaluation_problem(known):
        log(problem, level=logging.WARNING)
    log(f"unchanged: version {known.version} of {known.dataset} was published from this source and configuration")
    announce(config, known)
    return _without_recipe_rows(known)


def _without_recipe_rows(version: DatasetVersion) -> DatasetVersion:
    """Remove the train rows after their last use, if the version is to be stored as a recipe."""
    from counterpoise.versions import remove_train_if_recipe

    if remove_train_if_recipe(version):
        address = f"{version.root}/{version.dataset}@{version.version}"
        log(f"stored as a recipe: restore the train rows with `counterpoise rebuild {address}`")
    return version


def report_of(version: DatasetVersion) -> Report | None:
    """Return the report of a version, or None if it has none that can be used."""
    from counterpoise.evaluate import evaluation_problem, find_evaluation

    return None if evaluation_problem(version) else find_evaluation(version)
