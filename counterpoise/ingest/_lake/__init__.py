"""Tables that are folders with a log of versions: Delta Lake and Iceberg."""
