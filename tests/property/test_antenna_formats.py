"""What files of antennas promise for any antenna: it comes back, and nothing breaks a reader."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtt_sim.antenna.arrays import Panel, combine_horizontal
from dtt_sim.antenna.formats.record import AntennaFileError, AntennaRecord
from dtt_sim.antenna.formats.registry import WRITERS, antenna_texts, read_antenna
from dtt_sim.antenna.pattern import horizontal_attenuation_db, vertical_attenuation_db
from dtt_sim.model import HorizontalPattern, VerticalPattern
from dtt_sim.workflow.antennas import losses, write_antenna

WITHIN_DB = {"splat": 0.002}
ELEVATIONS = {"splat": (-90, 10)}


def values(n: int) -> st.SearchStrategy[list[float]]:
    """Attenuations in hundredths of a decibel that reach 0."""
    return st.lists(st.integers(0, 4000), min_size=n, max_size=n).map(
        lambda v: [(x - min(v)) / 100.0 for x in v]
    )


@st.composite
def antennas(draw: st.DrawFn) -> AntennaRecord:
    """Antennas with a beam within 10 degrees of the horizon, on whole degrees."""
    tens = draw(values(36))
    around = np.interp(np.arange(360), np.arange(0, 361, 10), [*tens, tens[0]])
    beam = draw(st.integers(-10, 10))
    upright = np.round(
        np.minimum(draw(st.floats(0.02, 1.0)) * (np.arange(-90, 91) - beam) ** 2, 40), 2
    )
    return AntennaRecord(
        HorizontalPattern(tuple(map(float, range(360))), tuple(around.tolist())),
        VerticalPattern(tuple(map(float, range(-90, 91))), tuple(upright.tolist())),
        gain_dbd=draw(st.none() | st.integers(-500, 2000).map(lambda g: g / 100.0)),
        name="any antenna",
        polarisation=draw(st.sampled_from(["", "horizontal", "vertical"])),
    )


@pytest.mark.parametrize("key", WRITERS)
@given(antenna=antennas())
@settings(deadline=None, max_examples=15)
def test_every_format_gives_back_what_it_was_given(key: str, antenna: AntennaRecord) -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths, lost = write_antenna(antenna, key, Path(folder) / f"a{next(iter(WRITERS[key]))}")
        again = read_antenna(paths[0])
        assert lost == losses(antenna, again)
        step = 10 if key == "itu" else 1
        azimuth = np.arange(0.0, 360.0, step)
        np.testing.assert_allclose(
            horizontal_attenuation_db(again.horizontal, azimuth),
            horizontal_attenuation_db(antenna.horizontal, azimuth),
            atol=WITHIN_DB.get(key, 0.00051),
        )
        if key != "itu":
            elevation = np.arange(*ELEVATIONS.get(key, (-90, 91)))
            np.testing.assert_allclose(
                vertical_attenuation_db(again.vertical, elevation),
                vertical_attenuation_db(antenna.vertical, elevation),
                atol=WITHIN_DB.get(key, 0.00051),
            )
        # What was read once is written and read without any further change.
        second = write_antenna(again, key, Path(folder) / f"b{next(iter(WRITERS[key]))}")[0]
        third = read_antenna(second[0])
        for mine, theirs in (
            (again.horizontal, third.horizontal),
            (again.vertical, third.vertical),
        ):
            if mine is not None and theirs is not None:
                np.testing.assert_allclose(theirs.attenuation_db, mine.attenuation_db, atol=2e-4)
        assert third.gain_dbd == pytest.approx(again.gain_dbd, abs=0.006)


JUNK = st.sampled_from(
    ["", "nan", "-", "1e999", "999", "0,5", ";", ",", "'", "1 2 3", "-180,0", "<ANT_DIAGR_V>",
     "HORIZONTAL 5", "PATCUT:,EL", "NUPOIN:,x", "azimuth_deg", "#", "é", "1e5", "t_attn@azm10=x"]
)  # fmt: skip


@pytest.mark.parametrize("key", WRITERS)
@given(antenna=antennas(), cuts=st.lists(st.tuples(st.integers(0, 800), JUNK), min_size=1, max_size=4),
       keep=st.integers(0, 1500))  # fmt: skip
@settings(deadline=None, max_examples=25)
def test_damaged_files_are_read_or_refused_by_name(key, antenna, cuts, keep) -> None:
    suffix, text = next(iter(antenna_texts(antenna, key).items()))
    lines = text.splitlines()[:keep]
    for at, junk in cuts:
        lines[at : at + 1] = [junk]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a{suffix}"
        path.write_text("\n".join(lines), encoding="utf-8")
        try:
            record = read_antenna(path)
        except AntennaFileError as error:
            said = str(error)
        else:
            said = str(path)
            for cut in (record.horizontal, record.vertical):
                assert cut is None or np.isfinite(cut.attenuation_db).all()
    assert said.startswith(str(path))


@given(
    antennas(),
    st.lists(st.tuples(st.integers(0, 359), st.integers(1, 9)), min_size=1, max_size=5),
    st.integers(0, 359),
)
@settings(deadline=None, max_examples=25)
def test_turning_every_panel_turns_the_array(antenna, panels, turn) -> None:
    for how in ("power", "field"):
        still, turned = (
            combine_horizontal(
                antenna.horizontal,
                [Panel(b + by, share, offset_m=0.3) for b, share in panels],
                how=how,
                frequency_mhz=600.0,
            )
            for by in (0, turn)
        )
        azimuth = np.arange(360.0)
        np.testing.assert_allclose(
            10.0 ** (-horizontal_attenuation_db(turned[0], azimuth + turn) / 20.0),
            10.0 ** (-horizontal_attenuation_db(still[0], azimuth) / 20.0),
            atol=1e-6,
        )
        assert turned[1] == pytest.approx(still[1], abs=1e-6)
        # n panels never exceed what they would have if all fields were in step.
        assert still[1] <= 10.0 * np.log10(len(panels)) + 1e-9
