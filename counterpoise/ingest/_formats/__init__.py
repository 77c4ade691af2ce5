"""Source formats: one module per name in `FormatName`, each with its `FORMAT`."""
