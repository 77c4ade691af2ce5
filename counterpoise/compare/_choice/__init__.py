"""Decide what `resampling.strategy: auto` becomes: candidates, their trial within train, and the bound."""
