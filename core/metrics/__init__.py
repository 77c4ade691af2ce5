"""The metrics record, which is published as `metrics.json`: models that hold what is written and what is read.

`record` is the whole, `arms` what is told of a learner on a train table, `probabilities` how far its probabilities can
be taken at their word, `values` what these have in common. Numbers that are undefined are null. Importing this package
imports none of them.
"""
