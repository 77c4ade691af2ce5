"""The sections of the report: data arranged for tables and charts."""
