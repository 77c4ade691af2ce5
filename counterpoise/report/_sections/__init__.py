"""The sections of the report, one a module: the data that each arranges, and its paragraphs in the brief."""
