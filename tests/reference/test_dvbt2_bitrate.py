"""Every row of the bit-rate and guard-interval tables, to the last printed digit."""

from __future__ import annotations

import csv
from pathlib import Path

from dtt_sim.network.bit_rate import bit_rate
from dtt_sim.network.dvbt2 import Mode, allowed_pilot_patterns


def _rows(shared: Path, name: str) -> list[dict[str, str]]:
    with (shared / "standards" / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_bit_rates(shared: Path) -> None:
    rows = _rows(shared, "dvbt2_bitrate_reference.csv")
    for row in rows:
        mode = Mode(row["fft"], row["guard"], row["pp"], row["modulation"], row["code_rate"],
                    row["carrier_mode"] == "extended")  # fmt: skip
        rate = bit_rate(mode, frame_symbols=int(row["L_F"]))
        assert (rate.n_blocks, rate.dummy_cells) == (int(row["N_blocks"]), int(row["dummy_cells"]))
        assert round(rate.frame_ms, 3) == float(row["T_F_ms"])
        assert round(rate.normal_mbps, 4) == float(row["rate_NM_Mbps"]), row
        assert round(rate.high_efficiency_mbps, 4) == float(row["rate_HEM_Mbps"]), row
        if not row["label"].startswith("TS 102 831"):
            assert mode.max_frame_symbols == rate.frame_symbols
    assert len(rows) > 50


def test_guard_intervals(shared: Path) -> None:
    rows = _rows(shared, "dvbt2_guard_intervals.csv")
    for row in rows:
        pattern = allowed_pilot_patterns(row["fft"])[row["guard"]][0]
        mode = Mode(row["fft"], row["guard"], pattern, "QPSK", "1/2")
        assert mode.guard_us == float(row["Tg_us_8MHz"])
        assert round(mode.guard_km, 3) == float(row["Tg_km_8MHz"])
        assert mode.symbol_us == float(row["Ts_us_8MHz"])
        assert mode.max_frame_symbols == int(row["LF_max_8MHz"])
        for bandwidth in (7, 6):
            narrow = Mode(row["fft"], row["guard"], pattern, "QPSK", "1/2", bandwidth_mhz=bandwidth)
            assert round(narrow.guard_us, 3) == float(row[f"Tg_us_{bandwidth}MHz"])
    assert len(rows) == sum(len(allowed_pilot_patterns(f"{2**k}K")) for k in range(6))
