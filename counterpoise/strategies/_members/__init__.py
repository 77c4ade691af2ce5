"""One module for each strategy, which defines it as `STRATEGY`."""
