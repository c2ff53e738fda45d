"""Radiation patterns, tilt, and the power sent towards a receiver."""
