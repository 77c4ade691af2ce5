"""Memory and time of each strategy, estimated before any feature is read."""
