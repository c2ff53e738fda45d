"""Small print of maps."""

from __future__ import annotations

from dtt_sim.report.maps import wrapped


def test_credits_stay_within_the_figure() -> None:
    text = " · ".join(["Produced using Copernicus WorldDEM-30 © DLR e.V. 2010-2014"] * 6)
    rows = wrapped(text, 7.0).split("\n")
    assert len(rows) > 1
    assert max(map(len, rows)) * 0.055 <= 7.0
    assert " ".join(rows) == text
