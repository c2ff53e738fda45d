"""Scenario files: schema, loading, and every problem reported at once."""
