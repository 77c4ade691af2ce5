"""The files of a version, one module per kind."""
