"""Maps and tables for people."""
