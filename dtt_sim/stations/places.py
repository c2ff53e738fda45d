"""Where rows put their stations, in any coordinate system, and which of them cannot be meant so.

A station far from the others, or from the scenario's box, that a usual slip would bring near is a
mistake: latitude and longitude swapped, the other hemisphere, a decimal point that was lost, the zone
next door. Nothing is corrected here; what the right value would be is said.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import median
from typing import TYPE_CHECKING

from dtt_sim.scenario.transmitters import RANGES, Box

if TYPE_CHECKING:
    from pyproj import CRS, Geod, Transformer

WGS84 = "EPSG:4326"
VN2000 = "EPSG:4756"
_FAR_KM = 300.0
_FAR_TIMES = 4.0
"""Stations as far from their middle as this many times the usual distance are looked at."""
_OUTSIDE_DEG = 3.0
"""Beyond the area of use of a coordinate system: still meant so."""
_KM_PER_DEG = 111.2
_ZONES = (range(32601, 32661), range(32701, 32761), range(3405, 3407), range(5896, 5899))
"""EPSG codes of which neighbours are neighbouring zones: UTM north and south, VN-2000."""

LatLon = tuple[float, float]


@cache
def crs_of(text: str) -> CRS:
    """Coordinate system of a code or WKT.

    Raises
    ------
    ValueError
        Nothing that PROJ knows.
    """
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        found = CRS.from_user_input(int(text) if text.isdigit() else text)
    except CRSError as error:
        msg = f"{text[:60]!r} is no coordinate system; give a code such as EPSG:3405"
        raise ValueError(msg) from error
    if not (found.is_geographic or found.is_projected):
        msg = f"{found.name} is neither of degrees nor a map projection; give one that is"
        raise ValueError(msg)
    return found


@cache
def _to_wgs84(crs: str) -> Transformer:
    from pyproj import Transformer

    return Transformer.from_crs(crs_of(crs), crs_of(WGS84), always_xy=True)


def name_of(crs: str) -> str:
    """Code and name of a coordinate system, for people.

    >>> name_of("EPSG:3405")
    'EPSG:3405 (VN-2000 / UTM zone 48N)'
    """
    one = crs_of(crs)
    code = one.to_epsg()
    return f"EPSG:{code} ({one.name})" if code else one.name


def is_degrees(crs: str) -> bool:
    """Whether a coordinate system is of latitudes and longitudes."""
    return bool(crs_of(crs).is_geographic)


def in_wgs84(x: float, y: float, crs: str) -> LatLon:
    """WGS84 latitude and longitude [deg] of x (east) and y (north) in a coordinate system.

    NaN where the system does not reach.
    """
    if crs == WGS84:
        return y, x
    lon, lat = _to_wgs84(crs).transform(x, y)
    if not (math.isfinite(lat) and math.isfinite(lon)):
        return math.nan, math.nan
    return round(lat, 8), round(lon, 8)


@dataclass(frozen=True, slots=True)
class Place:
    """A position as a row gives it.

    Attributes
    ----------
    x, y : float
        East and north, or longitude and latitude, in `crs`.
    crs : str
    fault : str
        What is certainly wrong with it.
    """

    x: float
    y: float
    crs: str = WGS84
    fault: str = ""

    def wgs84(self) -> LatLon:
        """Latitude and longitude in WGS84 [deg]."""
        return in_wgs84(self.x, self.y, self.crs)

    def is_possible(self) -> bool:
        """Whether there is such a place at all, in the area for which its system is made."""
        if is_degrees(self.crs) and not (abs(self.y) <= 90.0 and abs(self.x) <= 180.0):
            return False
        lat, lon = self.wgs84()
        within = RANGES["lat_deg"][0] <= lat <= RANGES["lat_deg"][1] and abs(lon) <= 180.0
        return within and (lat, lon) != (0.0, 0.0) and outside_deg(self) <= _OUTSIDE_DEG

    def slips(self) -> Iterator[tuple[str, Place]]:
        """Other places that a usual slip would have turned into this one."""
        yield "the two swapped", Place(self.y, self.x, self.crs)
        if not is_degrees(self.crs):
            for code in _neighbours(self.crs):
                yield f"{name_of(code)} in place of the zone", Place(self.x, self.y, code)
            return
        yield "the other sign of latitude", Place(self.x, -self.y, self.crs)
        yield "the other sign of longitude", Place(-self.x, self.y, self.crs)
        yield "the other sign of both", Place(-self.x, -self.y, self.crs)
        xs, ys = _with_points(self.x, 180.0), _with_points(self.y, 90.0)
        for x, y in itertools.product(xs, ys):
            if (x, y) != (self.x, self.y):
                yield "a decimal point that was lost", Place(x, y, self.crs)

    def shown(self) -> str:
        """Coordinates as the row has them, north first."""
        return f"{self.y:.10g}, {self.x:.10g}"


def _with_points(value: float, limit: float) -> list[float]:
    """A value that is short; of others, those with the decimal point further left."""
    if abs(value) < 1000.0:  # fewer digits were not a fraction of degrees
        return [value]
    return [v for k in range(1, 13) if abs(v := value / 10.0**k) <= limit][:3]


def _neighbours(crs: str) -> list[str]:
    code = crs_of(crs).to_epsg()
    zone = next((codes for codes in _ZONES if code in codes), None)
    if zone is None or code is None:
        return []
    return [f"EPSG:{n}" for n in (code - 1, code + 1) if n in zone]


def outside_deg(place: Place) -> float:
    """How far a place lies beyond the area of use of its coordinate system [deg]."""
    area = crs_of(place.crs).area_of_use
    lat, lon = place.wgs84()
    if area is None:
        return 0.0
    if math.isnan(lat):
        return math.inf
    return max(area.west - lon, lon - area.east, area.south - lat, lat - area.north, 0.0)


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Where stations are expected.

    Attributes
    ----------
    box : (west, south, east, north)
        [deg].
    reach_km : float
        What lies further from the box is looked at [km].
    name : str
        "the scenario's box" or "the middle of the others".
    """

    box: Box
    reach_km: float
    name: str

    def beyond_km(self, place: LatLon) -> float:
        """Distance of a place from the box, 0 within it [km]."""
        lat, lon = place
        west, south, east, north = self.box
        return _distance_km(place, (min(max(lat, south), north), min(max(lon, west), east)))

    def is_near(self, place: LatLon) -> bool:
        """Whether a place lies where stations are expected."""
        return self.beyond_km(place) <= self.reach_km


@cache
def _geod() -> Geod:
    from pyproj import Geod

    return Geod(ellps="WGS84")


def _distance_km(one: LatLon, other: LatLon) -> float:
    return float(_geod().inv(one[1], one[0], other[1], other[0])[2]) / 1000.0


def among(places: Iterable[Place]) -> Neighbourhood | None:
    """The neighbourhood of the stations of a list; None of fewer than three."""
    found = [place.wgs84() for place in places if not place.fault and place.is_possible()]
    if len(found) < 3:
        return None
    lat, lon = median(p[0] for p in found), median(p[1] for p in found)
    usual = median(_distance_km(p, (lat, lon)) for p in found)
    reach = max(_FAR_KM, _FAR_TIMES * usual)
    return Neighbourhood((lon, lat, lon, lat), reach, "the middle of the others")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of a place.

    Attributes
    ----------
    fault : str
        Why it cannot be meant, with the likely right values; "" where it can.
    right : Place or None
        The one place that was likely meant.
    slip : str
        How that is come by.
    doubt : str
        What is odd about a place that may be meant.
    """

    fault: str = ""
    right: Place | None = None
    slip: str = ""
    doubt: str = ""


def judge(place: Place, expected: Neighbourhood | None) -> Verdict:
    """Whether a place can be meant, and what was likely meant if not."""
    lat, lon = place.wgs84()
    fault, doubt = place.fault, ""
    if not fault and not place.is_possible():
        fault = f"{place.shown()}: {_impossible(place)}"
    elif not fault and expected is not None and not expected.is_near((lat, lon)):
        beyond = expected.beyond_km((lat, lon))
        doubt = f"{place.shown()} lies {beyond:.0f} km from {expected.name}"
    if not fault and not doubt:
        return Verdict()
    likely: dict[LatLon, tuple[str, Place]] = {}
    # What letters say of the axes leaves one slip only.
    for slip, other in itertools.islice(place.slips(), 1 if place.fault else None):
        if other.is_possible() and (expected is None or expected.is_near(other.wgs84())):
            likely.setdefault(other.wgs84(), (slip, other))
    if doubt and not likely:
        return Verdict(doubt=f"{doubt}; check it")
    choices = list(likely.values())
    said = " or ".join(f"{other.shown()} ({slip})" for slip, other in choices[:3])
    advice = f"likely {said}; correct the row or use --fix" if said else "correct the row"
    slip, right = choices[0] if len(choices) == 1 else ("", None)
    return Verdict(f"{fault or doubt}; {advice}", right, slip)


def _impossible(place: Place) -> str:
    if not is_degrees(place.crs):
        area = crs_of(place.crs).area_of_use
        used = f", which is for {area.name.rstrip('.')}" if area is not None else ""
        return f"no place of {name_of(place.crs)}{used}"
    if place.wgs84() == (0.0, 0.0):
        return "an empty position, not a place"
    if (
        abs(place.y) <= 180.0
        and abs(place.x) <= 180.0
        and place.crs != WGS84
        and abs(place.y) <= 90
    ):
        return f"no place of {name_of(place.crs)}"
    low, high = RANGES["lat_deg"]
    if not low <= place.y <= high:
        return f"a latitude is {low:g} to {high:g}"
    return "a longitude is -180 to 180"


def order_of_xy(pairs: Sequence[tuple[float, float]], crs: str) -> tuple[bool, bool]:
    """Whether x is the easting, as in maps, or the northing, as surveyors in Việt Nam have it.

    Returns
    -------
    x_is_easting, is_certain : bool
        Certain where one order puts the stations nearer to the system's area of use.
    """
    as_map = sum(min(outside_deg(Place(x, y, crs)), 360.0) for x, y in pairs)
    as_survey = sum(min(outside_deg(Place(y, x, crs)), 360.0) for x, y in pairs)
    return as_map <= as_survey, abs(as_map - as_survey) > 1e-9
