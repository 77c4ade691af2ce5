"""Values that are already typed: JSON lines and database rows."""
