"""The stages as Prefect tasks: one module each, named as the stage."""
