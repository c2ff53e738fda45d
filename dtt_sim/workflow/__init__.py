"""A run from scenario to files: cached propagation, service, outputs."""
