"""A finished run in the browser: its rasters as tiles, and any place explained, computed on demand.

:mod:`~dtt_sim.report.server.answers` computes what is asked for, :mod:`~dtt_sim.report.server.files`
finds files within the run's folder and nowhere else, :mod:`~dtt_sim.report.server.http` speaks HTTP.
"""
