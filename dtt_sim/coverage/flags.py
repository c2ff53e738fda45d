"""Why a receiving cell has the value it has: one code per cell, stored with every field."""

from __future__ import annotations

from typing import Final

OK: Final = 0
"""A P.1812 path."""
NEAR_FIELD: Final = 1
"""Closer than P.1812's 0.25 km: free-space loss, a value like any other in sums and maps."""
VOID: Final = 2
"""The terrain has a hole (void) on the path or at the receiver: no value."""
OUTSIDE: Final = 3
"""The path leaves the terrain data: no value."""
BEYOND: Final = 4
"""Farther than the radius asked for: no value."""
DOMAIN: Final = 5
"""Outside the stated domain of the model (antenna height, latitude): no value."""

MEANING: Final = {
    OK: "P.1812 path",
    NEAR_FIELD: "near field (under 0.25 km): free-space loss",
    VOID: "void in the terrain on the path",
    OUTSIDE: "path leaves the terrain data",
    BEYOND: "beyond the radius",
    DOMAIN: "outside the domain of P.1812",
}
