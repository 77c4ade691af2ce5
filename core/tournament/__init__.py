"""The tournament: every strategy with every learner, on the same folds within the train partition.

In the order of the work: `arena` (rows, folds and encoded features on disk), `entries` (who takes part), `plans`
(resampling of a fold's train rows), `models`, `scores`, `play` (one entry on all folds), `apart` (in a process of its
own), `board` (the leaderboard) and `run` (all of it without Prefect). Nothing slow is imported here.
"""
