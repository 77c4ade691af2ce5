"""Nearest neighbours: the space, its scales, the search, and votes of neighbours."""
