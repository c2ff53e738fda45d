"""Digital terrestrial television transition simulator."""

__version__ = "0.1.0"
