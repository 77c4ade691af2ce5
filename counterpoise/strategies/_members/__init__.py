"""One module per strategy, which defines it as `STRATEGY`."""
