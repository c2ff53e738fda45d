"""Antenna pattern files: a module per format, and a registry that recognises a file.

Whatever a file counts its angles from and writes its values in, a reader gives cuts in the
convention of :mod:`dtt_sim.antenna.pattern`: azimuths clockwise, elevations positive upwards,
attenuations in dB below the maximum.
"""
