"""Notations: how people write numbers, dates, times and truth values as text."""
