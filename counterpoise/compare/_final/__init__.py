"""The final: the chosen candidate and its rivals on the untouched test partition."""
