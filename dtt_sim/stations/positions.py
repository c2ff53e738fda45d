"""The position that a row gives: angles, eastings and northings, one cell, or a point."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dtt_sim.stations.cells import Sheet
from dtt_sim.stations.coordinates import Angle, parse_angle, parse_point, parse_position
from dtt_sim.stations.headings import Layout
from dtt_sim.stations.places import (
    VN2000,
    WGS84,
    Place,
    crs_of,
    is_degrees,
    name_of,
    order_of_xy,
)
from dtt_sim.stations.records import Draft, Record, measure

_FORMS = {"dms": "degrees, minutes, seconds", "dm": "degrees and minutes",
          "packed": "degrees, minutes, seconds without marks"}  # fmt: skip
_METRES = (10_000.0, 10_000_000.0)
_GIVE_CRS = (
    "give the coordinate system with --crs, such as EPSG:3405 for VN-2000 / UTM zone 48N or "
    "EPSG:9210 for a provincial VN-2000 zone (TM-3 105-45)"
)


@dataclass(frozen=True, slots=True)
class Systems:
    """Coordinate systems of a list.

    Attributes
    ----------
    default : str
        As the user, the file or its headings have it, or "".
    x_is_easting, is_xy_certain : bool
        What columns called no more than x and y are.
    """

    default: str = ""
    x_is_easting: bool = True
    is_xy_certain: bool = True

    @property
    def of_degrees(self) -> str:
        """That of latitudes and longitudes: the datum's own where the default is a projection."""
        if not self.default:
            return WGS84
        if is_degrees(self.default):
            return self.default
        geodetic = crs_of(self.default).geodetic_crs
        assert geodetic is not None
        code = geodetic.to_epsg()
        return f"EPSG:{code}" if code else geodetic.to_wkt()


def find_systems(
    sheet: Sheet, layout: Layout, given: str, records: Sequence[tuple[Record, Draft]], mark: str
) -> Systems:
    """Coordinate system of a list: the user's, the file's, or one that its headings name.

    Raises
    ------
    ValueError
        The user's is none.
    """
    default = given
    if given:
        crs_of(given)
        if sheet.crs and not crs_of(sheet.crs).equals(crs_of(given), ignore_axis_order=True):
            sheet.remarks.append(
                f"the file says {name_of(sheet.crs)}; --crs {name_of(given)} is taken"
            )
    elif sheet.crs:
        default = sheet.crs
    else:
        named = re.search(r"(?i)EPSG\s*[:_ ]?\s*(\d{4,6})\b", layout.above)
        if named:
            default = f"EPSG:{named[1]}"
            crs_of(default)
            sheet.remarks.append(f"{name_of(default)}, as its headings say")
        elif re.search(r"(?i)VN[ -]?2000", layout.above):
            default = VN2000
            sheet.remarks.append(
                "its headings speak of VN-2000: degrees are taken in that datum, some 200 m from "
                "WGS84; --crs EPSG:4326 changes that"
            )
    fields = {column.meaning.field for column in layout.columns}
    if not {"x", "y"} <= fields or not default or is_degrees(default):
        return Systems(default)
    pairs = []
    for record, draft in records:
        try:
            x, y = (measure(record, draft, name, mark, _METRES) for name in ("x", "y"))
        except ValueError:
            continue
        if x is not None and y is not None:
            pairs.append((x, y))
    x_is_easting, is_certain = order_of_xy(pairs, default)
    said = "east" if x_is_easting else "north, as surveyors have it"
    sheet.remarks.append(f"x points {said}: the stations lie in {name_of(default)} then")
    return Systems(default, x_is_easting, is_certain)


def read_place(
    record: Record, draft: Draft, sheet: Sheet, systems: Systems, mark: str
) -> Place | None:
    """The position of a row; None where there is none, which is a reason to refuse it.

    Raises
    ------
    ValueError
        Cells that are no coordinates.
    """
    own = record.text("crs")
    if own:
        crs_of(own)
        systems = Systems(own, systems.x_is_easting, systems.is_xy_certain)
    point = sheet.points.get(draft.number)
    if point is None and record.has("position"):
        point = parse_point(record.text("position"))
    if point is not None:
        return _point(record, draft, point, systems)
    if record.has("easting") or record.has("northing"):
        return _metres(record, draft, ("easting", "northing"), systems, mark)
    if record.has("lat") or record.has("lon"):
        return _lat_lon(record, draft, systems, mark)
    if record.has("lat_degrees") or record.has("lon_degrees"):
        return _in_parts(record, draft, systems)
    if record.has("position"):
        lat, lon = parse_position(record.text("position"))
        return _degrees(draft, lat, lon, systems)
    if record.has("x") or record.has("y"):
        return _x_y(record, draft, systems, mark)
    draft.refuse(f"no position: {sheet.point_faults.get(draft.number, 'give coordinates')}")
    return None


def _point(
    record: Record, draft: Draft, point: tuple[float, float], systems: Systems
) -> Place | None:
    x, y = point
    if not systems.default and max(abs(x), abs(y)) > 360.0:
        draft.refuse(f"{y:g}, {x:g} are no degrees; {_GIVE_CRS}")
        return None
    place = Place(x, y, systems.default or WGS84)
    if record.has("lat") and record.has("lon"):
        draft.note("its columns of coordinates are left out: the point is taken")
    return place


def _lat_lon(record: Record, draft: Draft, systems: Systems, mark: str) -> Place | None:
    """Columns called latitude and longitude, which may hold metres all the same."""
    missing = [name for name in ("lat", "lon") if not record.has(name)]
    if missing:
        name = {"lat": "latitude", "lon": "longitude"}[missing[0]]
        draft.refuse(f"no {name}; give one")
        return None
    texts = record.text("lat"), record.text("lon")
    angles = []
    for name, text in zip(("lat", "lon"), texts, strict=True):
        try:
            is_number = record.cells[name][0][0].kind == "number"
            own = Angle(float(text), "decimal") if is_number else parse_angle(text, name)  # type: ignore[arg-type]
            if is_number and abs(own.value_deg) > 180.0:
                own = parse_angle(text, name)  # type: ignore[arg-type]
        except ValueError as error:
            msg = f"column {record.heading(name)!r}: {error}"
            raise ValueError(msg) from error
        angles.append(own)
    lat, lon = angles
    is_metres = systems.default and not is_degrees(systems.default)
    if is_metres and min(abs(lat.value_deg), abs(lon.value_deg)) > 10_000.0:
        return _metres(record, draft, ("lon", "lat"), systems, mark)
    return _degrees(draft, lat, lon, systems)


def _degrees(draft: Draft, lat: Angle, lon: Angle, systems: Systems) -> Place:
    for angle in (lat, lon):
        if angle.form in _FORMS:
            draft.note(_FORMS[angle.form], is_doubt=angle.form == "packed" and not angle.axis)
    crs = systems.of_degrees
    if systems.default and crs != systems.default:
        draft.note(f"degrees are taken in {name_of(crs)}")
    fault = ""
    if lat.axis == "lon" or lon.axis == "lat":
        fault = "the letters say that latitude and longitude are swapped"
    # Converted angles are rounded to a millimetre; those in decimal degrees stay as they are.
    x, y = (a.value_deg if a.form == "decimal" else round(a.value_deg, 8) for a in (lon, lat))
    return Place(x, y, crs, fault)


def _in_parts(record: Record, draft: Draft, systems: Systems) -> Place | None:
    """Degrees, minutes and seconds in columns of their own."""
    angles = []
    for axis in ("lat", "lon"):
        pieces = [record.text(f"{axis}_{part}") for part in ("degrees", "minutes", "seconds")]
        if not pieces[0]:
            draft.refuse(f"no degrees of {'latitude' if axis == 'lat' else 'longitude'}; give them")
            return None
        text = " ".join(piece for piece in pieces if piece)
        angles.append(parse_angle(f"{text} {record.text(f'{axis}_hemisphere')}".strip(), axis))
    return _degrees(draft, angles[0], angles[1], systems)


def _metres(
    record: Record, draft: Draft, names: tuple[str, str], systems: Systems, mark: str
) -> Place | None:
    """Easting and northing, in this order."""
    values = []
    for name in names:
        if name in {"lat", "lon"}:
            value: float | None = number_of(record.text(name), record.mark(name, mark))
        else:
            value = measure(record, draft, name, mark, _METRES)
        if value is None:
            draft.refuse(f"no {name}; give one")
            return None
        values.append(value)
    if not systems.default or is_degrees(systems.default):
        draft.refuse(f"easting and northing without their zone; {_GIVE_CRS}")
        return None
    return Place(values[0], values[1], systems.default)


def number_of(text: str, mark: str) -> float:
    """A length in metres."""
    from dtt_sim.stations.numbers import number

    return number(text, mark, _METRES)


def _x_y(record: Record, draft: Draft, systems: Systems, mark: str) -> Place | None:
    """Columns called no more than x and y: degrees, or metres in the order that fits."""
    missing = [name for name in ("x", "y") if not record.has(name)]
    if missing:
        draft.refuse(f"no {missing[0]}; give one")
        return None
    if systems.default and not is_degrees(systems.default):
        names = ("x", "y") if systems.x_is_easting else ("y", "x")
        if not systems.is_xy_certain:
            draft.note("x is taken for the easting, y for the northing", is_doubt=True)
        return _metres(record, draft, names, systems, mark)
    lon, lat = parse_angle(record.text("x")), parse_angle(record.text("y"))
    if max(abs(lon.value_deg), abs(lat.value_deg)) > 1000.0:
        draft.refuse(f"x and y in metres without their zone; {_GIVE_CRS}")
        return None
    draft.note("x is taken for longitude, y for latitude")
    return _degrees(draft, lat, lon, systems)
