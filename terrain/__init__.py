"""Rasters and ground facts: elevation, land cover, zones, population, units. Knows nothing of radio."""
