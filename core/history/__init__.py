"""From version to version: what has changed since the previous one, and which version is promoted.

`previous` sets a version against the newest earlier one that was evaluated; `rules` decides whether a version is
promoted; `promotions` keeps the promotions of a dataset as files. Importing this package imports none of them.
"""
