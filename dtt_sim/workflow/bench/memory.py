"""Peak memory of this process, without a library."""

from __future__ import annotations

import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


def reset_peak() -> bool:
    """Let the peak begin anew from what is resident now; only Linux can.

    Returns
    -------
    bool
        Whether it did. Where not, :func:`peak` is that of the process's whole life.
    """
    try:
        _CLEAR.write_text("5")
    except OSError:
        return False
    return True


def resident() -> int:
    """Memory resident now [byte]; 0 where the system does not say."""
    return _status("VmRSS")


def peak() -> int:
    """Most memory that was resident [byte]; 0 where the system does not say."""
    found = _status("VmHWM")
    if found:
        return found
    try:
        import resource
    except ImportError:  # Windows
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most


def _status(name: str) -> int:
    try:
        lines = _STATUS.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    for line in lines:
        if line.startswith(f"{name}:"):
            return 1024 * int(line.split()[1])
    return 0
