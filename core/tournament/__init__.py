"""The tournament: every strategy with every learner, on the same folds within the train partition, and a final on test.

In the order of the work: `layout` (`drawing`: who plays where, with `folds` and `folds_in_time`; `arena`: rows and
folds on disk; `encoding`: features), `entries` (who takes part),
`plans` (resampling of a round's train rows), `models`, `training` (an entry in one round), `scores`, `play` (one on
all folds), `board` (the leaderboard), `finalists`, `held_out` (validation and test), `refit`, `bench` and `judge`,
`final`, `store` (files), `looks` (their ledger), and `run` (all of it without Prefect). `subprocesses` runs jobs in
processes of their own, forked from a `template` (`worker_template`) that has made the imports; `answer_checks` checks
what learners answer, `kept_files` restores files that one has deleted. Nothing slow is imported here.
"""
