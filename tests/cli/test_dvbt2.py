"""``dtt-sim dvbt2``: published figures come out, wrong input gets its message and exit code 2."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from dtt_sim.cli.main import main
from dtt_sim.network.dvbt2 import Mode
from dtt_sim.network.suggest import Demand, suggest

SDTV = "--fft 32K --guard 1/8 --pilot PP2 --modulation 64QAM --code-rate 3/4"
UK = "--fft 32K --guard 1/128 --pilot PP7 --modulation 256QAM --code-rate 2/3 --extended"

Run = Callable[[str], tuple[object, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command; its exit code, standard output and standard error."""

    def call(arguments: str) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as stop:
            main(["dvbt2", *arguments.split()])
        captured = capsys.readouterr()
        return stop.value.code, captured.out, captured.err

    return call


def values_of(text: str) -> dict[str, str]:
    """Name and text of each line of the table."""
    return {line[:28].strip(): line[28:].strip() for line in text.splitlines()}


def test_published_rate(run: Run) -> None:
    code, out, _ = run(f"{UK} --frame-symbols 60")
    values = values_of(out)
    assert code == 0
    assert values["bit rate, high efficiency"] == "40.2146 Mbit/s"
    assert values["bit rate, normal"] == "40.0007 Mbit/s"
    assert values["frame"] == "216.944 ms"
    assert values["FEC blocks in a frame"] == "202"


def test_table_of_a_mode(run: Run) -> None:
    _, out, _ = run(SDTV)
    values = values_of(out)
    assert values["mode"] == "32K 64QAM 3/4 GI 1/8 PP2"
    assert values["useful symbol"] == "3584 µs"
    assert values["guard interval"] == "448 µs, 134.3 km"
    assert values["symbol"] == "4032 µs"
    assert values["symbols in a frame"].startswith("60 ")
    assert values["dummy cells"] == "5082"
    assert values["Nyquist time"] == "597.33 µs"
    assert values["equalisation interval"] == "532.00 µs, 159.5 km"
    assert values["reception"] == "fixed, 650 MHz"
    assert values["required C/N"] == "16.9 dB"
    assert values["minimum field Emin"] == "42.07 dB(µV/m)"
    assert values["Emed, 70 % of locations"] == "44.95 dB(µV/m)"
    assert values["Emed, 95 % of locations"] == "51.11 dB(µV/m)"
    assert values["confidence"].startswith("bit rate VERIFIED; field strength: required C/N SINGLE")
    assert values["SD, MPEG-4"].startswith("13 ")


def test_programmes_with_rates_of_ones_own(run: Run) -> None:
    _, out, _ = run(f"{SDTV} --hd-hevc 3 --reserved 0")
    assert "0 % reserved (GIVEN)" in out
    assert values_of(out)["HD, HEVC"] == "9    at 3 Mbit/s (GIVEN)         spare 0.49 Mbit/s"


def test_json_holds_what_the_table_holds(run: Run) -> None:
    code, out, err = run(f"{UK} --frame-symbols 60 --reception portable_indoor --json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert round(found["bit_rate"]["high_efficiency_mbps"], 4) == 40.2146
    assert found["extended_carriers"] is True
    assert found["height_loss"] == "suburban"
    assert found["reserved_percent"] == 5.0
    assert list(found["e_med_dbuv_m"]) == ["70", "95"]
    assert [row["kind"] for row in found["programmes"]] == [
        "sd_mpeg4", "hd_mpeg4", "sd_hevc", "hd_hevc"
    ]  # fmt: skip
    assert {line["confidence"] for line in found["assumptions"]} <= {"SINGLE", "RECALL"}


def test_other_options_reach_the_mode(run: Run) -> None:
    _, out, _ = run(
        f"{SDTV} --bandwidth 7 --fec 16200 --blocks 100 --l1 BPSK --tone-reservation --rotated"
    )
    values = values_of(out)
    assert values["mode"] == "32K 64QAM 3/4 GI 1/8 PP2 7 MHz FEC 16200 rotated"
    assert values["FEC blocks in a frame"] == "100"
    _, out, _ = run("--fft 8K --guard 1/8 --pilot PP1 --modulation QPSK --code-rate 1/2 --miso")
    assert values_of(out)["mode"].endswith("MISO")
    assert "bit rate RECALL" in values_of(out)["confidence"]
    _, out, _ = run(f"{SDTV} --reception mobile --height-loss urban --frequency 500")
    assert values_of(out)["reception"] == "mobile, 500 MHz, urban height loss, no margin for motion"
    assert "Emed, 99 % of locations" in values_of(out)


def test_suggestions(run: Run) -> None:
    code, out, _ = run("suggest --network-km 125 --min-rate 27 --reception fixed")
    lines = out.splitlines()
    assert code == 0
    assert lines[2].split()[:3] == ["mode", "guard", "km"]
    assert len(lines[3:23]) == 20
    assert "32K 64QAM 3/4 GI 1/8 PP2" in {line.split("  ")[0] for line in lines[3:23]}
    assert lines[-1] == "20 of 88 modes; --limit 88 shows all"


def test_suggestions_as_json(run: Run) -> None:
    _, out, _ = run(
        "suggest --network-km 60 --min-rate 20 --fft 16K --no-extended --limit 500 --json"
    )
    found = json.loads(out)
    expected = suggest(Demand(60.0, 20.0, fft="16K", extended=False))
    assert found["nearest_miss"] is None
    assert [row["mode"] for row in found["modes"]] == [str(s.mode) for s in expected]
    assert found["count"] == len(expected) > 0
    _, out, _ = run("suggest --network-km 60 --min-rate 20 --miso --limit 5000 --json")
    assert {row["miso"] for row in json.loads(out)["modes"]} == {False, True}


def test_nothing_fits(run: Run) -> None:
    code, out, err = run("suggest --network-km 125 --min-rate 45")
    assert (code, err) == (1, "")
    assert out.splitlines() == [
        "no mode spans 125 km and carries 45 Mbit/s",
        "best rate for 125 km: 44.8640 Mbit/s, 134.3 km (32K ext 256QAM 5/6 GI 1/8 PP8)",
        "longest distance for 45 Mbit/s: 47.1171 Mbit/s, 79.7 km (32K ext 256QAM 5/6 GI 19/256 PP8)",
        "nearest miss: the rate, 99.7% of what is demanded",
    ]
    _, out, _ = run("suggest --network-km 200 --min-rate 20")
    assert "no guard interval spans 200 km; the longest: " in out
    assert "nearest miss: the distance, 79.7%" in out
    _, out, _ = run("suggest --network-km 200 --min-rate 90")
    assert "no mode carries 90 Mbit/s; the highest: 50." in out
    assert "neither demand can be met by itself" in out


def test_nothing_fits_as_json(run: Run) -> None:
    code, out, _ = run("suggest --network-km 200 --min-rate 20 --json")
    found = json.loads(out)
    assert (code, found["count"], found["modes"]) == (1, 0, [])
    assert found["nearest_miss"]["nearest"] == "distance"
    assert found["nearest_miss"]["best_rate"] is None
    longest = found["nearest_miss"]["longest"]
    assert longest["guard_km"] == Mode("32K", "19/128", "PP2", "QPSK", "1/2").guard_km


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", "missing --fft, --guard, --pilot, --modulation, --code-rate"),
        ("--fft 32K --guard 1/8 --pilot PP2 --modulation QPSK", "missing --code-rate: a mode"),
        (SDTV.replace("1/8", "1/4"), "guard_interval 1/4 with 32K is not allowed by DVB-T2; use"),
        (SDTV.replace("PP2", "PP9"), "pilot_pattern 'PP9' is not one of"),
        (SDTV.replace("PP2", "PP4"), "less than the guard interval of 448 µs; use PP2 or PP8"),
        (SDTV.replace("3/4", "1/3"), "code_rate 1/3 belongs to T2-Lite"),
        (SDTV.replace("64QAM", "64Q"), "did you mean 64QAM?"),
        (f"{SDTV} --bandwidth nan", "bandwidth_mhz nan is not in DVB-T2"),
        (f"{SDTV} --fec 1000", "fec_length 1000 is not in DVB-T2"),
        (f"{SDTV} --frame-symbols 59", "use even numbers from 4 to 60"),
        (f"{SDTV} --blocks 138", "use 1 to 137"),
        (f"{SDTV} --l1 8PSK", "use one of BPSK, QPSK, 16QAM, 64QAM"),
        (f"{SDTV} --sd-mpeg4 0", "sd_mpeg4 = 0 is no rate of a programme; use 0.01"),
        (f"{SDTV} --hd-mpeg4 -2", "hd_mpeg4 = -2"),
        (f"{SDTV} --hd-hevc nan", "hd_hevc = nan"),
        (f"{SDTV} --reserved 100", "reserved_percent = 100; use 0 to less than 100 %"),
        (f"{SDTV} --frequency 300", "300 MHz is in none of Bands"),
        (f"{SDTV} --reception balcony", "'balcony' is not one of"),
        (f"{SDTV} --height-loss urban", "height_loss with fixed reception"),
        (f"{SDTV} suggest --network-km 1 --min-rate 1", "--fft before suggest has no effect"),
        ("suggest --network-km -1 --min-rate 20", "network_km = -1; use a number of 0 km or more"),
        ("suggest --network-km nan --min-rate 20", "network_km = nan"),
        ("suggest --network-km 10 --min-rate -5", "min_rate_mbps = -5"),
        ("suggest --network-km 10", "Missing option '--min-rate'"),
        ("suggest --network-km 10 --min-rate 5 --fft 64K", "fft '64K' is not one of"),
        ("suggest --network-km 10 --min-rate 5 --fft 4K --extended", "not allowed with 4K"),
        ("suggest --network-km 10 --min-rate 5 --limit 0", "Invalid value for '--limit'"),
    ],
)
def test_wrong_input(run: Run, arguments: str, expected: str) -> None:
    code, out, err = run(arguments)
    assert (code, out) == (2, "")
    assert expected in err
    assert "Traceback" not in err


def test_it_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom dtt_sim.cli.main import main\n"
        f"for text in ({SDTV!r}, 'suggest --network-km 125 --min-rate 27'):\n"
        "    try:\n        main(['dvbt2', *text.split()])\n    except SystemExit: pass\n"
        "heavy = {'numba', 'rasterio', 'xarray', 'matplotlib', 'pandas', 'pydantic'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
