"""Arrays inside a page: each once, compressed, for the browser's own inflate."""

from __future__ import annotations

import base64
import hashlib
import zlib
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

TYPES: Final = {"uint8": "u1", "int8": "i1", "uint16": "u2", "int16": "i2", "int32": "i4"}


class Blobs:
    """Arrays, and texts, of a page; what is the same is kept once."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self.items: list[str] = []

    def add(self, values: NDArray[Any]) -> str:
        """Add whole numbers; the reference, type and number of the blob.

        Kept as differences of neighbours, which wrap around: maps are smooth and compress better so.
        """
        flat = np.ascontiguousarray(values).ravel()
        kind = TYPES[flat.dtype.name]
        with np.errstate(over="ignore"):
            steps = np.diff(flat, prepend=flat.dtype.type(0))
        return f"{kind}:{self._keep(steps.astype(flat.dtype.newbyteorder('<')).tobytes())}"

    def add_text(self, text: str) -> str:
        """Add a text; the reference of the blob."""
        return f"text:{self._keep(text.encode())}"

    def _keep(self, data: bytes) -> int:
        key = hashlib.sha256(data).digest()
        if key not in self._numbers:
            self._numbers[key] = len(self.items)
            self.items.append(base64.b64encode(zlib.compress(data, 9)).decode("ascii"))
        return self._numbers[key]


def tenths(values: NDArray[Any]) -> NDArray[np.int16]:
    """Decibels in tenths; -32768 where there is no number."""
    finite = np.isfinite(values)
    scaled = np.clip(np.round(np.where(finite, values, 0.0) * 10.0), -32000, 32000)
    return np.where(finite, scaled, -32768).astype(np.int16)
