"""An antenna written in another format, read again, and what that format could not hold."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import numpy as np

from dtt_sim.antenna.formats.record import AntennaRecord
from dtt_sim.antenna.formats.registry import antenna_texts, read_antenna
from dtt_sim.antenna.pattern import horizontal_attenuation_db, vertical_attenuation_db
from dtt_sim.errors import OutputError

LOSS_DB = 0.05
"""A change of a cut that is worth a word [dB]."""


def write_antenna(record: AntennaRecord, key: str, out: Path) -> tuple[list[Path], list[str]]:
    """Write an antenna; the files, and sentences about what is lost.

    Parameters
    ----------
    record : AntennaRecord
    key : str
        Of a format in :data:`dtt_sim.antenna.formats.registry.WRITERS`.
    out : Path
        As it is for a format of one file; with the extensions of the format if it has two.

    Raises
    ------
    OutputError
        A file cannot be written.
    """
    texts = antenna_texts(record, key)
    with tempfile.TemporaryDirectory() as folder:
        # Read again before anything takes its name: what is written is what was meant.
        trial = [Path(folder) / f"antenna{suffix}" for suffix in texts]
        for path, text in zip(trial, texts.values(), strict=True):
            path.write_text(text, encoding="utf-8", newline="")
        again = read_antenna(trial[0])
    paths = [out] if len(texts) == 1 and key != "splat" else [out.with_suffix(s) for s in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        _write_whole(path, text)
    return paths, losses(record, again)


def _write_whole(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, suffix=".part", delete=False, encoding="utf-8", newline=""
        ) as file:
            part = Path(file.name)
            file.write(text)
        try:
            part.chmod(0o644)
            part.replace(path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                part.unlink()
    except OSError as error:
        msg = f"{path}: cannot be written ({error.strerror or error}); choose another -o"
        raise OutputError(msg) from error


def losses(record: AntennaRecord, again: AntennaRecord) -> list[str]:
    """What of an antenna is not in another that ought to be the same."""
    texts = _cut_losses(record, again)
    if record.gain_dbd is None and again.gain_dbd is not None:
        texts.append(f"the gain is not known; the format needs one: {again.gain_dbd:g} dBd written")
    elif record.gain_dbd is not None and again.gain_dbd is None:
        texts.append(f"the gain of {record.gain_dbd:.2f} dBd")
    for word, mine, theirs in (
        ("frequency", record.frequency_mhz, again.frequency_mhz),
        ("polarisation", record.polarisation, again.polarisation),
        ("tilt that is stated", record.electrical_tilt_deg, again.electrical_tilt_deg),
        ("lean of the mounting", record.mechanical_tilt_deg, again.mechanical_tilt_deg),
    ):
        if mine and mine != theirs:
            texts.append(f"the {word}")
    return texts


def _cut_losses(record: AntennaRecord, again: AntennaRecord) -> list[str]:
    texts = []
    if record.horizontal is not None:
        if again.horizontal is None:
            texts.append("the horizontal cut")
        else:
            angles = np.unique([*np.arange(360.0), *record.horizontal.azimuth_deg])
            change = np.abs(
                horizontal_attenuation_db(record.horizontal, angles)
                - horizontal_attenuation_db(again.horizontal, angles)
            )
            if change.max() > LOSS_DB:
                at = angles[change.argmax()]
                texts.append(
                    f"azimuths between: the horizontal cut changes by up to {change.max():.2f} dB, "
                    f"at {at:g}°"
                )
    if record.vertical is not None:
        if again.vertical is None:
            texts.append("the vertical cut")
        else:
            angles = np.unique([*np.arange(-90.0, 91.0), *record.vertical.elevation_deg])
            change = np.abs(
                vertical_attenuation_db(record.vertical, angles)
                - vertical_attenuation_db(again.vertical, angles)
            )
            if change.max() > LOSS_DB:
                at = angles[change.argmax()]
                texts.append(
                    f"elevations: the vertical cut changes by up to {change.max():.2f} dB, at {at:g}°"
                )
    return texts
