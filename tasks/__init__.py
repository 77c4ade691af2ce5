"""The stages as Prefect tasks, one module per stage."""
