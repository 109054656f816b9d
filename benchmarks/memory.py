"""Memory of this process, from Linux's own figures; 0 where there are none."""

from __future__ import annotations

from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


def resident_mb() -> float:
    """What the process holds now."""
    return _status("VmRSS")


def peak_mb() -> float:
    """The most it held since ``forget_peak``."""
    return _status("VmHWM")


def forget_peak() -> None:
    """Let the peak begin anew at what is held now."""
    if _CLEAR.exists():
        _CLEAR.write_text("5", encoding="ascii")


def _status(name: str) -> float:
    if not _STATUS.exists():
        return 0.0
    for line in _STATUS.read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    return 0.0
