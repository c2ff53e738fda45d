"""A small made-up province, end to end."""

from __future__ import annotations

import csv
import errno
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio
from itu_maps import DELTA_N, write_map, write_maps

from dtt_sim.cli.main import main
from dtt_sim.coverage import flags
from dtt_sim.coverage.field import Emission, Mast, Prediction, field_strength, path_loss
from dtt_sim.coverage.paths import predict
from dtt_sim.errors import DttSimError, ModelDomainError, OutputError
from dtt_sim.model import Transmitter
from dtt_sim.scenario.load import load_scenario
from dtt_sim.workflow.output import write_csv
from dtt_sim.workflow.point import load_run_scenario
from dtt_sim.workflow.run import run
from terrain.grid import WGS84, Grid
from terrain.ground import OUTSIDE, VOID, Ground
from terrain.profile import extract
from terrain.synthetic import fractal_ground

SCENARIO = """\
format = 1
name = "province"
[terrain]
elevation = "dem.tif"
nodata_means = "sea"
schematic = true
[grid]
crs = "EPSG:32648"
cell_size = 4000
west_deg = 104.2
south_deg = 9.8
east_deg = 104.8
north_deg = 10.2
[propagation]
wanted_radius_km = 40
interfering_radius_km = 100
[multiplexes.K33]
fft = "32K"
guard_interval = "1/8"
pilot_pattern = "PP2"
modulation = "64QAM"
code_rate = "3/4"
[stations]
file = "tx.csv"
[population]
points = "people.csv"
[override.moved]
transmitters.b.lon_deg = 104.7
"""
TABLE = """\
id,site,lat_deg,lon_deg,height_agl_m,erp_kw,multiplex,channel
a,First,10.0,104.5,100,10,K33,33
b,Second,10.1,104.6,60,0.1,K33,34
"""
PEOPLE = """\
name,unit,lat_deg,lon_deg,persons,area_ha
Xã Một,Huyện Đông,10.02,104.52,1000,2000
Xã Hai,Huyện Tây,9.9,104.3,500,
Far,Huyện Tây,20.0,104.3,7,
"""
GRID = Grid.from_lonlat_box(104.0, 9.6, 105.0, 10.4, crs="EPSG:4326", cell_size=1 / 120)
PREDICTION = Prediction(delta_n=53.5, n0=381.0, radius_km=(40.0, 100.0))


@pytest.fixture(scope="module")
def ground() -> Ground:
    return fractal_ground(GRID, seed=7, relief_m=200.0)


@pytest.fixture
def province(tmp_path: Path, ground: Ground) -> Path:
    height = np.where(ground.zone == 1, -32768, ground.height_m).astype(np.int16)
    with rasterio.open(
        tmp_path / "dem.tif", "w", driver="GTiff", width=GRID.n_col, height=GRID.n_row, count=1,
        dtype="int16", crs=GRID.crs, transform=GRID.affine, nodata=-32768,
    ) as file:  # fmt: skip
        file.write(height, 1)
    for name, text in (("scenario.toml", SCENARIO), ("tx.csv", TABLE), ("people.csv", PEOPLE)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_run_leaves_everything(province: Path) -> None:
    out = province / "out"
    result = run(load_scenario(province / "scenario.toml"), out)
    assert result.computed == ("a", "b")
    with rasterio.open(out / "fields" / "a.tif") as file:
        assert file.count == 6
        assert file.units[0] == "dB(uV/m)"
        assert "50 % of time" in file.descriptions[0]
        assert file.crs.to_epsg() == 32648
        assert file.nodata == -9999.0
        assert "SCHEMATIC" in file.tags()["WARNING"]
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        e = file.read(1, masked=True).filled(np.nan)
    expected = result.fields["a"].isel(p_time=0).to_numpy()
    np.testing.assert_array_equal(e, expected)
    for layer in ("served", "margin", "probability", "best_server"):
        assert (out / "phases" / "all" / f"K33_{layer}.tif").exists()
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["terrain"]["is_schematic"] is True
    assert len(manifest["files_sha256"]["dem.tif"]) == 64
    assert str(province) not in (out / "manifest.json").read_text(encoding="utf-8")
    with (out / "summary.csv").open(encoding="utf-8-sig") as table:
        rows = {(r["unit"], r["location_percent"]): r for r in csv.DictReader(table)}
    assert rows["Huyện Tây", "95.0"]["persons"] == "507"
    assert rows["Huyện Tây", "95.0"]["persons_outside_grid"] == "7"
    assert rows["(all)", "70.0"]["persons"] == "1507"
    assert not list(out.rglob("*.part*"))


def test_second_run_computes_what_changed_only(province: Path) -> None:
    out = province / "out"
    first = run(load_scenario(province / "scenario.toml"), out)
    again = run(load_scenario(province / "scenario.toml"), out)
    assert again.computed == ()
    moved = run(load_scenario(province / "scenario.toml", override="moved"), out)
    assert moved.computed == ("b",)
    np.testing.assert_array_equal(first.fields["a"], moved.fields["a"])


def test_power_changes_nothing_but_the_level(province: Path) -> None:
    out = province / "out"
    first = run(load_scenario(province / "scenario.toml"), out)
    louder = load_scenario(province / "scenario.toml", set_values={"transmitters.a.erp_kw": 20.0})
    second = run(louder, out)
    assert second.computed == ()
    change = second.fields["a"] - first.fields["a"]
    assert float(change.max()) == pytest.approx(10 * np.log10(2), abs=1e-4)


def test_damaged_cache_entry_is_computed_again(province: Path) -> None:
    out = province / "out"
    first = run(load_scenario(province / "scenario.toml"), out)
    victim = min((out / "cache").glob("*.npz"))
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 0xFF
    victim.write_bytes(data)
    again = run(load_scenario(province / "scenario.toml"), out)
    assert len(again.computed) == 1
    np.testing.assert_array_equal(first.fields["a"], again.fields["a"])


def test_interrupted_run_goes_on(province: Path) -> None:
    out = province / "out"
    scenario = load_scenario(province / "scenario.toml")

    def stop(stage: str, done: int, total: int) -> None:
        if stage.startswith("propagation b") and done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(scenario, out, progress=stop)
    assert not list(out.rglob("*.part*"))
    assert run(scenario, out).computed == ("b",)


def test_solver_equals_a_path_drawn_by_hand(ground: Ground) -> None:
    """Through `terrain` and the single-path API, to the last digit of what is stored."""
    grid = Grid.from_lonlat_box(104.2, 9.8, 104.8, 10.2, crs="EPSG:32648", cell_size=7000)
    mast = Mast(10.0, 104.5, height_agl_m=80.0)
    loss = path_loss(
        ground, mast, grid=grid, emissions=[Emission(570.0, "vertical")], prediction=PREDICTION,
        solver="per_path",
    )  # fmt: skip
    lon, lat = grid.lonlat()
    checked = 0
    for i, j in np.ndindex(grid.shape):
        if loss["flag"][i, j] != flags.OK:
            continue
        profile = extract(ground, 104.5, 10.0, lon[i, j], lat[i, j])
        for k, percent in enumerate(PREDICTION.p_time_percent):
            hand = predict(
                profile.distance_km,
                profile.height_m,
                clutter_m=profile.clutter_m,
                zone=profile.zone,
                frequency_ghz=0.57,
                p_time_percent=percent,
                polarisation="vertical",
                tx_height_agl_m=80.0,
                rx_height_agl_m=10.0,
                tx_lat_deg=10.0,
                tx_lon_deg=104.5,
                rx_lat_deg=lat[i, j],
                rx_lon_deg=lon[i, j],
                delta_n=53.5,
                n0=381.0,
            )
            stored = float(loss["loss_db"][0, k, i, j])
            if np.isnan(stored):
                assert profile.distance_km[-1] > PREDICTION.radius_km[k]
                continue
            assert stored == np.float32(hand.as_row()["Lb_dB"])
            checked += 1
    assert checked > 100


def test_near_field_void_outside_and_beyond(ground: Ground) -> None:
    height, zone = ground.height_m.copy(), ground.zone.copy()
    row, col = (int(v) for v in GRID.fractional_index(104.45, 10.05))
    height[row, col], zone[row, col] = np.nan, VOID
    height[:, -6:], zone[:, -6:] = np.nan, OUTSIDE
    holed = Ground(GRID, height, zone, ground.clutter_m)
    grid = Grid.from_lonlat_box(104.3, 9.9, 105.2, 10.1, crs="EPSG:4326", cell_size=1 / 1000)
    grid = Grid(grid.crs, grid.transform, (grid.n_row, grid.n_col))
    loss = path_loss(
        holed,
        Mast(10.0005, 104.5005, height_agl_m=80.0),
        grid=grid,
        emissions=[Emission(570.0)],
        prediction=Prediction(53.5, 381.0, radius_km=(30.0, 60.0)),
    )
    found = set(np.unique(loss["flag"]).tolist())
    assert found == {flags.OK, flags.NEAR_FIELD, flags.VOID, flags.OUTSIDE, flags.BEYOND}
    near = loss["flag"].to_numpy() == flags.NEAR_FIELD
    assert np.isfinite(loss["loss_db"].to_numpy()[:, :, near]).all()
    assert float(loss["distance_km"].to_numpy()[near].max()) < 0.25
    gone = np.isin(loss["flag"].to_numpy(), [flags.VOID, flags.OUTSIDE, flags.BEYOND])
    assert np.isnan(loss["loss_db"].to_numpy()[:, :, gone]).all()
    e = field_strength(loss, Transmitter("a", "A", 10.0, 104.5, 1.0, 570.0, "K33", height_agl_m=80))
    assert float(e.max()) < 135.0


def test_departure_angle_is_the_horizon_or_the_receiver(ground: Ground) -> None:
    flat = Ground(
        GRID, np.zeros(GRID.shape, np.float32), np.full(GRID.shape, 4, np.uint8), ground.clutter_m
    )
    grid = Grid.from_lonlat_box(104.49, 9.7, 104.51, 10.0, crs="EPSG:4326", cell_size=0.02)
    loss = path_loss(
        flat, Mast(10.0, 104.5, height_agl_m=100.0), grid=grid, emissions=[Emission(570.0)],
        prediction=PREDICTION,
    )  # fmt: skip
    d, angle = loss["distance_km"].to_numpy().ravel(), loss["departure_deg"].to_numpy().ravel()
    near = np.argmin(np.where(d > 1.0, d, np.inf))
    direct = np.degrees(np.arctan((10.0 - 100.0) / (1000.0 * d[near]) - d[near] / (2 * 9663.0)))
    assert angle[near] == pytest.approx(direct, abs=1e-3)


def test_mast_outside_or_below_the_terrain(ground: Ground) -> None:
    with pytest.raises(ModelDomainError, match="outside the terrain"):
        Mast(50.0, 50.0, height_agl_m=50.0).height_above(ground)
    with pytest.raises(ModelDomainError, match="above the terrain's ground"):
        Mast(10.0, 104.5, height_amsl_m=-50.0).height_above(ground)
    with pytest.raises(ModelDomainError, match="delta_n = 200"):
        Prediction(200.0, 381.0)
    with pytest.raises(ModelDomainError, match="p_time_percent = 60"):
        Prediction(53.5, 381.0, p_time_percent=(60.0,), radius_km=(10.0,))


def test_geodesic_distance_is_used(ground: Ground) -> None:
    grid = Grid.from_lonlat_box(104.2, 9.8, 104.3, 9.9, crs="EPSG:32648", cell_size=5000)
    loss = path_loss(
        ground, Mast(10.0, 104.5, height_agl_m=80.0), grid=grid, emissions=[Emission(570.0)],
        prediction=PREDICTION,
    )  # fmt: skip
    lon, lat = grid.lonlat()
    _, _, metres = WGS84.inv(104.5, 10.0, lon[0, 0], lat[0, 0])
    assert float(loss["distance_km"][0, 0]) == pytest.approx(0.001 * metres, rel=1e-6)


def test_command_line(province: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["run", str(province / "scenario.toml"), "-o", str(province / "o"), "-q"])
    assert stop.value.code == 0
    assert "SCHEMATIC TERRAIN" in capsys.readouterr().out
    assert (province / "o" / "map.png").read_bytes().startswith(b"\x89PNG")


def test_command_line_bad_input(province: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (province / "file").write_text("x")
    for arguments, code, expected in (
        (["run", str(province / "none.toml"), "-o", str(province / "o")], 2, "no such file"),
        (["run", str(province / "scenario.toml"), "-o", str(province / "file")], 1, "is a file"),
        (
            ["run", str(province / "scenario.toml"), "-o", str(province / "o"),
             "--elevation", str(province / "tx.csv")],
            2,
            "not a raster",
        ),
    ):  # fmt: skip
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        text = capsys.readouterr().err
        assert stop.value.code == code, text
        assert expected in text
        assert "Traceback" not in text


def test_site_in_the_sea_is_a_warning(province: Path, ground: Ground) -> None:
    i, j = np.argwhere(ground.zone == 1)[0]
    at_sea = {"lon_deg": float(GRID.x[j]), "lat_deg": float(GRID.y[i])}
    scenario = load_scenario(
        province / "scenario.toml",
        set_values={f"transmitters.a.{key}": value for key, value in at_sea.items()},
    )
    (warning,) = run(scenario, province / "out").warnings
    assert "stands in the sea" in warning
    assert "km from the nearest land" in warning


def test_site_outside_the_terrain(province: Path) -> None:
    scenario = load_scenario(
        province / "scenario.toml", set_values={"transmitters.b.lat_deg": 12.0}
    )
    with pytest.raises(ModelDomainError, match="transmitter b: mast at 12"):
        run(scenario, province / "out")


def test_full_disk(province: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object, **_kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OutputError, match="No space left on device"):
        run(load_scenario(province / "scenario.toml"), province / "out")
    assert not list((province / "out").rglob("*.part*"))


def test_half_written_file_keeps_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    write_csv(target, ["a"], [[1]])

    def rows() -> Iterator[list[int]]:
        yield [2]
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError, match="free space"):
        write_csv(target, ["a"], rows())
    assert target.read_text(encoding="utf-8-sig") == "a\n1\n"
    assert list(tmp_path.iterdir()) == [target]


def with_maps(province: Path, folder: str = ".") -> str:
    (province / folder).mkdir(exist_ok=True)
    write_maps(province / folder)
    lines = f'delta_n_map = "{folder}/DN50.TXT"\nn0_map = "{folder}/N050.TXT"\n'
    return SCENARIO.replace("[propagation]\n", f"[propagation]\n{lines}")


def test_refractivity_comes_from_the_maps(province: Path) -> None:
    text = with_maps(province)
    link = '[[link]]\nname = "l"\ntransmitter = "a"\nlat_deg = 9.9\nlon_deg = 104.3\n'
    (province / "scenario.toml").write_text(text + link, encoding="utf-8")
    scenario = load_scenario(province / "scenario.toml")
    first = run(scenario, province / "out", solver="per_path")
    # The maps' values at the centre of the province, put there as constants, are nearly the same.
    prediction = first.losses.prediction
    delta_n, n0 = prediction.refractivity_between(104.5, 10.0, 104.5, 10.0)
    assert abs(delta_n - 53.5) > 3.0
    values = {"propagation.delta_n": delta_n, "propagation.n0": n0}
    values |= {"propagation.delta_n_map": None, "propagation.n0_map": None}
    constant = run(
        load_scenario(province / "scenario.toml", set_values=values), province / "same",
        solver="per_path",
    )  # fmt: skip
    plain = run(
        load_scenario(province / "scenario.toml", set_values={k: None for k in values if "map" in k}),
        province / "plain", solver="per_path",
    )  # fmt: skip
    near = float(np.abs(first.fields["a"] - constant.fields["a"]).max())
    far = float(np.abs(first.fields["a"] - plain.fields["a"]).max())
    assert near < 0.5 * far
    losses = []
    for one in (first, constant, plain):
        with (one.out / "links.csv").open(encoding="utf-8-sig") as file:
            losses += [float(row["loss_db"]) for row in csv.DictReader(file)]
    assert abs(losses[0] - losses[1]) < 0.2 * abs(losses[0] - losses[2]) + 0.02
    found = json.loads((province / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert len(found["files_sha256"]["DN50.TXT"]) == 64
    assert found["refractivity"]["delta_n"][0] <= delta_n <= found["refractivity"]["delta_n"][1]
    assert found["scenario"]["propagation"]["delta_n_map"] == "DN50.TXT"


def test_another_map_is_computed_again_and_point_sees_it(province: Path) -> None:
    (province / "scenario.toml").write_text(with_maps(province), encoding="utf-8")
    out = province / "out"
    assert run(load_scenario(province / "scenario.toml"), out).computed == ("a", "b")
    assert run(load_scenario(province / "scenario.toml"), out).computed == ()
    assert load_run_scenario(out).keys.propagation.has_maps
    write_map(province / "DN50.TXT", DELTA_N + 0.5)
    with pytest.raises(DttSimError, match=r"DN50.TXT has changed since this run"):
        load_run_scenario(out)
    assert run(load_scenario(province / "scenario.toml"), out).computed == ("a", "b")


def test_bad_maps_are_problems_of_the_scenario(
    province: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = with_maps(province)
    (province / "scenario.toml").write_text(
        text.replace("DN50", "@").replace("N050", "DN50").replace("@", "N050"), encoding="utf-8"
    )
    with pytest.raises(SystemExit) as caught:
        main(["validate", str(province / "scenario.toml")])
    assert caught.value.code == 2
    told = capsys.readouterr().err
    assert told.count("are the two files exchanged") == 2
    assert "(propagation.delta_n_map, scenario.toml:15)" in told
    (province / "scenario.toml").write_text(text.replace("DN50", "DN5O"), encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["validate", str(province / "scenario.toml")])
    assert (
        "scenario.toml:15: propagation.delta_n_map: ./DN5O.TXT: no such" in capsys.readouterr().err
    )


def test_a_measured_offset_is_kept_apart(province: Path) -> None:
    scenario = load_scenario(province / "scenario.toml")
    plain = run(scenario, province / "out")
    values = {"propagation.measured_offset_db": -2.5, "propagation.measured_offset_error_db": 0.75}
    values |= {"propagation.measured_offset_source": "drive of 2016"}
    moved = run(
        load_scenario(province / "scenario.toml", set_values=values), province / "moved",
        cache=province / "out" / "cache",
    )  # fmt: skip
    assert moved.computed == ()
    np.testing.assert_allclose(moved.fields["a"], plain.fields["a"] - 2.5, atol=1e-4)
    with rasterio.open(moved.out / "fields" / "a.tif") as file, rasterio.open(
        plain.out / "fields" / "a.tif"
    ) as before:  # fmt: skip
        np.testing.assert_array_equal(file.read(3), before.read(3))
        assert file.tags()["MEASURED_OFFSET"].startswith("-2.5 dB")
    found = json.loads((moved.out / "manifest.json").read_text(encoding="utf-8"))
    assert found["measured_offset"]["offset_db"] == -2.5
    assert found["measured_offset"]["standard_error_db"] == 0.75
    assert json.loads((plain.out / "manifest.json").read_text())["measured_offset"] == {}
    with (moved.out / "assumptions.csv").open(encoding="utf-8-sig") as file:
        rows = {row["key"]: row for row in csv.DictReader(file)}
    row = rows["propagation.measured_offset_db"]
    assert (row["value"], row["source"]) == ("-2.5", "drive of 2016")
    assert "standard error 0.75 dB" in row["reason"]


def test_a_key_that_came_later_is_no_change(province: Path) -> None:
    out = run(load_scenario(province / "scenario.toml"), province / "out").out
    found = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    keys = found["scenario"]["propagation"]
    for name in [name for name in keys if name.startswith(("measured", "delta_n_", "n0_"))]:
        del keys[name]
    (out / "manifest.json").write_text(json.dumps(found), encoding="utf-8")
    load_run_scenario(out)
    keys["measured_offset_db"] = 1.0
    (out / "manifest.json").write_text(json.dumps(found), encoding="utf-8")
    with pytest.raises(DttSimError, match=r"\[propagation\] has changed"):
        load_run_scenario(out)


def test_point_takes_a_run_with_its_own_protection_rows(province: Path) -> None:
    rows = province / "rows.csv"
    head = "wanted,unwanted,tropospheric_db,continuous_db,source,offset_channels\n"
    rows.write_text(f"{head}DVBT2,LTE,20,20,made up,0\n", encoding="utf-8")
    text = SCENARIO + '[network]\nprotection_rows = "rows.csv"\n'
    (province / "scenario.toml").write_text(text, encoding="utf-8")
    out = run(load_scenario(province / "scenario.toml"), province / "out").out
    assert len(load_run_scenario(out).protection_rows) == 1
    rows.write_text(f"{head}DVBT2,LTE,21,21,made up,0\n", encoding="utf-8")
    with pytest.raises(DttSimError, match=r"rows.csv has changed since this run"):
        load_run_scenario(out)
