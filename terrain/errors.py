"""Errors of the terrain package. Each message ends with what to do."""

from __future__ import annotations


class TerrainError(Exception):
    """A raster, vector or table of ground facts that cannot be used as it is."""


class MissingTerrainError(TerrainError):
    """Terrain that is needed and not there; the message names what is missing."""


class EmptyTerrainError(MissingTerrainError):
    """Not a single height in the area that was asked for."""


class StoreError(TerrainError):
    """A local store of fetched files that cannot be written, or is not as it was left."""


class FetchError(TerrainError):
    """A file that a server does not give, or not whole."""


class AbsentError(FetchError):
    """A file that a server, mirror or folder does not have."""
