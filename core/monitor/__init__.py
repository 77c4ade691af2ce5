"""Monitoring: a source held against a published version, and how old both are; nothing is published.

`baseline` chooses the version, `check` asks what it lets expect, `freshness` tells how old a source is, `wording` says
it in words. Importing this package imports none of them.
"""
