"""Array aliases used in signatures."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Float64Array = NDArray[np.float64]
Float32Array = NDArray[np.float32]
UInt8Array = NDArray[np.uint8]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
Int32Array = NDArray[np.int32]

Polarisation = Literal["horizontal", "vertical"]
ReceptionClass = Literal["fixed", "portable_outdoor", "portable_indoor", "mobile"]
