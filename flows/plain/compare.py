"""Every strategy with every learner, on the same folds within the train partition."""

from __future__ import annotations

from counterpoise.compare import close_processes, list_candidates, open_processes, processes_for, workers
from counterpoise.config import BalanceConfig
from counterpoise.flows.workspace import run_workspace
from counterpoise.results import Leaderboard
from counterpoise.tasks.compare import comparison_folder, cross_validate, final_test, prepare, rank
from counterpoise.tasks.engine import on_workers, running_engine
from counterpoise.tasks.ingest import ingest
from counterpoise.tasks.progress import stage_progress
from counterpoise.tasks.split import split
from counterpoise.tasks.stage import run_each
from counterpoise.tasks.validate import validate, validate_split

THREADS = workers(0)
"""How many candidates are cross-validated at once."""


def compare(config: BalanceConfig) -> Leaderboard:
    """Run the stages of the flow `compare`, which describes them."""
    from counterpoise.versions import prepare_output

    with run_workspace(config) as folder, running_engine(config.engine):
        prepare_output(config)
        snapshot = ingest(config, folder=folder)
        validation = validate(config, snapshot, folder=folder)
        plan = split(config, snapshot, validation, folder=folder)
        validate_split(config, snapshot, validation, plan, folder=folder)
        place = str(comparison_folder(folder))
        with processes_for(place), on_workers(open_processes, close_processes, place):
            comparison = prepare(config, snapshot, plan, folder=folder)
            candidates = list(list_candidates(comparison.rules.tournament))
            progress = stage_progress(config.name, "compare", work="cross-validating", unit="candidates")
            results = run_each(cross_validate, comparison, candidates, threads=THREADS, progress=progress)
            board = rank(config, snapshot, comparison, results)
            return final_test(config, snapshot, plan, comparison, board) if config.tournament.final else board
