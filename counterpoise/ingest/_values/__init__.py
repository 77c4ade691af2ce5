"""Values that arrive with types of their own: JSON lines and database rows."""
