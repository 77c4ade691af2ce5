"""Plots as inline SVG and PNG."""
