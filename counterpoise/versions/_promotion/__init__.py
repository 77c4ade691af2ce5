"""Promotion: rules, decisions and their files."""
