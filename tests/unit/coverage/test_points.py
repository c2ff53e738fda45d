"""Losses to a list of points are those of the reference solver in cells there."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dtt_sim.coverage.field import Emission, Mast, Prediction, field_strength, path_loss
from dtt_sim.coverage.flags import BEYOND, NEAR_FIELD, OK, OUTSIDE
from dtt_sim.coverage.points import path_loss_to_points
from dtt_sim.errors import ModelDomainError
from dtt_sim.model import Transmitter
from terrain.grid import Grid
from terrain.ground import Ground
from terrain.synthetic import fractal_ground

MAST = Mast(10.0, 104.5, height_agl_m=100.0)
EMISSIONS = (Emission(570.0), Emission(700.0, "vertical"))
PREDICTION = Prediction(delta_n=53.5, n0=381.0, radius_km=(20.0, 25.0))


@pytest.fixture(scope="module")
def ground() -> Ground:
    area = Grid.from_lonlat_box(104.2, 9.7, 104.9, 10.3, crs="EPSG:4326", cell_size=1 / 120)
    return fractal_ground(area, seed=3, relief_m=300.0)


def test_points_are_the_cells_of_the_reference(ground: Ground) -> None:
    grid = Grid.from_lonlat_box(104.3, 9.8, 104.8, 10.2, crs="EPSG:32648", cell_size=6000.0)
    cells = path_loss(
        ground, MAST, grid=grid, emissions=EMISSIONS, prediction=PREDICTION, solver="per_path"
    )
    lon, lat = (v.ravel() for v in grid.lonlat())
    points = path_loss_to_points(
        ground, MAST, lon_deg=lon, lat_deg=lat, emissions=EMISSIONS, prediction=PREDICTION
    )
    assert set(np.unique(points["flag"])) >= {OK, BEYOND}
    for name in ("loss_db", "departure_deg", "azimuth_deg", "distance_km", "flag"):
        expected = cells[name].to_numpy()
        expected = expected.reshape(*expected.shape[:-2], -1)
        np.testing.assert_array_equal(points[name].to_numpy(), expected, err_msg=name)
    station = Transmitter("a", "A", 10.0, 104.5, 10.0, 700.0, "M", 100.0, polarisation="vertical")
    e, there = (
        field_strength(one, station, emission=1, offset_db=2.0).to_numpy()
        for one in (points, cells)
    )
    np.testing.assert_array_equal(e, there.reshape(2, -1))


def test_every_point_has_its_own_height(ground: Ground) -> None:
    lon, lat = np.array([104.6, 104.6, 104.6, 104.45]), np.array([10.1, 10.1, 10.1, 9.95])
    height = np.array([10.0, 30.0, 1.5, 30.0])
    found = path_loss_to_points(
        ground, MAST, lon_deg=lon, lat_deg=lat, height_agl_m=height, emissions=EMISSIONS,
        prediction=PREDICTION,
    )["loss_db"].to_numpy()  # fmt: skip
    for k, one in enumerate(height):
        alone = path_loss_to_points(
            ground, MAST, lon_deg=lon[k : k + 1], lat_deg=lat[k : k + 1], emissions=EMISSIONS,
            prediction=dataclasses.replace(PREDICTION, rx_height_agl_m=float(one)),
        )  # fmt: skip
        np.testing.assert_array_equal(found[:, :, k], alone["loss_db"].to_numpy()[:, :, 0])
    assert (found[:, :, 1] < found[:, :, 0]).all()
    assert (found[:, :, 0] < found[:, :, 2]).all()


def test_near_far_and_off_the_terrain(ground: Ground) -> None:
    found = path_loss_to_points(
        ground, MAST, lon_deg=[104.5, 105.2, 104.55], lat_deg=[10.0005, 10.0, 10.32],
        emissions=EMISSIONS[:1], prediction=dataclasses.replace(PREDICTION, radius_km=(20.0, 60.0)),
    )  # fmt: skip
    assert found["flag"].to_numpy().tolist() == [NEAR_FIELD, BEYOND, OUTSIDE]
    assert np.isnan(found["loss_db"].to_numpy()[0, :, 1:]).all()
    none = path_loss_to_points(
        ground, MAST, lon_deg=[], lat_deg=[], emissions=EMISSIONS, prediction=PREDICTION
    )
    assert none["loss_db"].shape == (2, 2, 0)


def test_what_cannot_be_is_refused(ground: Ground) -> None:
    def solve(lon: object = (104.6,), lat: object = (10.0,), **changes: object) -> None:
        options = {"emissions": EMISSIONS, "prediction": PREDICTION} | changes
        path_loss_to_points(ground, MAST, lon_deg=lon, lat_deg=lat, **options)  # type: ignore[arg-type]

    for lon, lat in (((np.nan,), (10.0,)), ((104.6,), (91.0,)), ((104.6,), (np.nan,))):
        with pytest.raises(ModelDomainError, match=r"receiver 0: .* give degrees"):
            solve(lon, lat)
    for height in (0.5, np.nan, 3001.0):
        with pytest.raises(ModelDomainError, match="1 to 3000 m"):
            solve(height_agl_m=[height])
    with pytest.raises(ModelDomainError, match="give one length"):
        solve((104.6, 104.7))
    with pytest.raises(ModelDomainError, match="no emissions"):
        solve(emissions=())
    at_the_edge = dataclasses.replace(PREDICTION, p_location_percent=(95.0, 50.0))
    with pytest.raises(ModelDomainError, match="give location_sigma_db"):
        solve(prediction=at_the_edge)
    solve(prediction=dataclasses.replace(at_the_edge, location_sigma_db=5.5))
