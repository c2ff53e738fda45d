"""Propagation models as scalar kernels: floats and one-dimensional profiles in, decibels out."""
