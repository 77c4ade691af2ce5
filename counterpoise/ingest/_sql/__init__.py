"""Databases: read-only connections, queries and watermarks."""
