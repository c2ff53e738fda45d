"""A run in the formats that other programs open: rasters, vector layers, overlays, data cubes, styles.

:mod:`~dtt_sim.report.export.source` has what is exported, one module each writes a format, and
:mod:`~dtt_sim.report.export.write` has them all.
"""
