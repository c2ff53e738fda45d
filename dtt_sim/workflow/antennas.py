"""An antenna written in another format, read again, and what that format could not hold."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from dtt_sim.antenna.formats.record import AntennaRecord
from dtt_sim.antenna.formats.registry import WRITERS, antenna_texts, read_antenna
from dtt_sim.antenna.pattern import horizontal_attenuation_db, vertical_attenuation_db
from dtt_sim.errors import DttSimError
from dtt_sim.workflow.output import whole_file

LOSS_DB = 0.05
"""A change of a cut that is worth a word [dB]."""


def written_paths(record: AntennaRecord, key: str, out: Path) -> list[Path]:
    """The files of an antenna: `out`, or with the extension of each cut in a format of two files."""
    suffixes = list(antenna_texts(record, key))
    return [out] if len(WRITERS[key]) == 1 else [out.with_suffix(s) for s in suffixes]


def write_antenna(record: AntennaRecord, key: str, out: Path) -> tuple[list[Path], list[str]]:
    """Write an antenna; the files, and sentences about what is lost.

    Parameters
    ----------
    record : AntennaRecord
    key : str
        Of a format in :data:`dtt_sim.antenna.formats.registry.WRITERS`.
    out : Path

    Raises
    ------
    OutputError
        A file cannot be written.
    DttSimError
        The file of a cut that the antenna has not lies there already, and would be read with it.
    """
    texts = antenna_texts(record, key)
    paths = written_paths(record, key, out)
    for suffix in set(WRITERS[key]) - set(texts):
        if out.with_suffix(suffix).exists():
            msg = (
                f"{out.with_suffix(suffix)}: lies there already, and would be read as the other cut "
                "of this antenna, which has none; remove it or choose another -o"
            )
            raise DttSimError(msg)
    with tempfile.TemporaryDirectory() as folder:
        # Read again before anything takes its name: what is written is what was meant.
        trial = [Path(folder) / f"antenna{suffix}" for suffix in texts]
        for path, text in zip(trial, texts.values(), strict=True):
            path.write_bytes(text.encode())
        again = read_antenna(trial[0])
    for path, text in zip(paths, texts.values(), strict=True):
        with whole_file(path) as part:
            part.write_bytes(text.encode())
    return paths, losses(record, again)


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
