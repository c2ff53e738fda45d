"""What a column of a list can hold, and the headings under which it is recognised.

Synonyms are compared without case, diacritics, punctuation and units; docs/stations.md is made from
this table.
"""

from __future__ import annotations

from dataclasses import dataclass

POWER_UNITS = ("kW", "W", "mW", "MW", "dBW", "dBm", "dBk")
LENGTH_UNITS = ("m", "ft")
FREQUENCY_UNITS = ("MHz", "kHz", "Hz", "GHz")
TIME_UNITS = ("µs", "ms", "ns")
GAIN_UNITS = ("dBd", "dBi")

_ALIASES = {
    "dbkw": "dBk", "us": "µs", "usec": "µs", "metre": "m", "metres": "m", "meter": "m", "meters": "m", "met": "m",
    "mét": "m", "feet": "ft", "foot": "ft", "watt": "W", "watts": "W", "kilowatt": "kW", "°": "deg",
    "degrees": "deg", "độ": "deg",
}  # fmt: skip
_KNOWN = (*POWER_UNITS, *LENGTH_UNITS, *FREQUENCY_UNITS, *TIME_UNITS, *GAIN_UNITS, "dB", "deg")


@dataclass(frozen=True, slots=True)
class Field:
    """What a column can hold.

    Attributes
    ----------
    meaning : str
    synonyms : tuple of str
        Headings, the surest first.
    units : tuple of str
        Units that it may be in; the first is taken where none is given, but of powers and gains.
    """

    meaning: str
    synonyms: tuple[str, ...] = ()
    units: tuple[str, ...] = ()


FIELDS: dict[str, Field] = {
    "id": Field(
        "unique short name; made from the site's name where there is none",
        ("station id", "site id", "callsign", "call", "tx id", "code", "call sign", "mã trạm", "mã", "mã đài", "ký hiệu"),
    ),
    "site": Field(
        "name of the site",
        ("site name", "station", "station name", "transmitter", "transmitter name", "name",
         "tx site", "tx name", "tên trạm", "trạm", "tên đài", "tên trạm phát", "trạm phát",
         "trạm phát sóng", "tên trạm phát sóng", "tên đài trạm", "đài", "điểm phát sóng",
         "tên vị trí", "vị trí", "địa điểm", "địa điểm đặt máy phát", "location", "place", "tên"),
    ),
    "lat": Field(
        "latitude: decimal degrees, or degrees, minutes and seconds",
        ("latitude", "vĩ độ", "vĩ tuyến", "tọa độ vĩ độ", "vĩ độ bắc", "latitude north",
         "tx latitude", "site latitude", "station latitude", "transmitter latitude", "lat y",
         "tọa độ vĩ độ bắc", "latitude n", "lat n", "vĩ độ n"),
    ),
    "lon": Field(
        "longitude, likewise",
        ("longitude", "long", "lng", "kinh độ", "kinh tuyến", "tọa độ kinh độ", "kinh độ đông",
         "longitude east", "tx longitude", "site longitude", "station longitude",
         "transmitter longitude", "lon x", "tọa độ kinh độ đông", "longitude e", "lon e", "long e",
         "kinh độ e"),
    ),
    "lat_degrees": Field(
        "latitude in columns of its own: degrees",
        ("latitude degrees", "lat deg part", "vĩ độ độ", "latitude d", "lat d", "latitude deg part"),
    ),
    "lat_minutes": Field("minutes", ("latitude minutes", "lat min", "latitude min", "vĩ độ phút",
                                     "latitude m", "lat m")),
    "lat_seconds": Field("seconds", ("latitude seconds", "lat sec", "latitude sec", "vĩ độ giây",
                                     "latitude s", "lat s")),
    "lat_hemisphere": Field("N or S", ("latitude hemisphere", "lat hem", "lat ns", "n s", "ns")),
    "lon_degrees": Field(
        "longitude in columns of its own: degrees",
        ("longitude degrees", "lon deg part", "kinh độ độ", "longitude d", "lon d", "long d",
         "longitude deg part"),
    ),
    "lon_minutes": Field("minutes", ("longitude minutes", "lon min", "longitude min",
                                     "kinh độ phút", "long min", "longitude m", "lon m")),
    "lon_seconds": Field("seconds", ("longitude seconds", "lon sec", "longitude sec",
                                     "kinh độ giây", "long sec", "longitude s", "lon s")),
    "lon_hemisphere": Field("E or W", ("longitude hemisphere", "lon hem", "lon ew", "e w", "ew")),
    "position": Field(
        "latitude and longitude in one cell, or a WKT point",
        ("coordinates", "coordinate", "lat lon", "lat long", "latitude longitude", "tọa độ",
         "toạ độ", "tọa độ địa lý", "vị trí địa lý", "tọa độ wgs 84", "gps", "wkt", "geometry",
         "geom", "the geom", "vĩ độ kinh độ", "location lat lon"),
    ),
    "easting": Field(
        "easting in a projected coordinate system",
        ("east", "easting x", "x easting", "utm e", "utm east", "utm easting", "utm x", "tọa độ e",
         "đông", "tọa độ đông", "e easting", "coord e", "e"),
        LENGTH_UNITS,
    ),
    "northing": Field(
        "northing in a projected coordinate system",
        ("north", "northing y", "y northing", "utm n", "utm north", "utm northing", "utm y",
         "tọa độ n", "bắc", "tọa độ bắc", "n northing", "coord n", "n"),
        LENGTH_UNITS,
    ),
    "x": Field(
        "easting or, as surveyors in Việt Nam have it, northing: told apart by where it leads",
        ("x coordinate", "coord x", "tọa độ x", "x vn 2000", "x vn2000", "tọa độ vn 2000 x",
         "tọa độ vn2000 x", "point x", "xcoord"),
        LENGTH_UNITS,
    ),
    "y": Field(
        "the other of the two",
        ("y coordinate", "coord y", "tọa độ y", "y vn 2000", "y vn2000", "tọa độ vn 2000 y",
         "tọa độ vn2000 y", "point y", "ycoord"),
        LENGTH_UNITS,
    ),
    "crs": Field(
        "coordinate system of the row, such as EPSG:3405",
        ("epsg", "epsg code", "srid", "coordinate system", "hệ tọa độ", "hệ toạ độ"),
    ),
    "height_agl": Field(
        "height of the antenna above ground",
        ("antenna height", "antenna height agl", "height above ground", "height above ground level",
         "agl", "hagl", "ant height", "hgt agl", "chiều cao anten", "độ cao anten",
         "chiều cao ăng ten", "độ cao ăng ten", "chiều cao treo anten", "độ cao treo anten",
         "độ cao đặt anten", "chiều cao đặt anten", "chiều cao anten phát", "độ cao anten phát",
         "chiều cao anten so với mặt đất", "độ cao anten so với mặt đất", "antenna height m agl",
         "tx height", "tx height agl", "transmitter height", "h ant", "h anten", "h ăng ten", "ăng ten", "rcagl", "aperture height"),
        LENGTH_UNITS,
    ),
    "height": Field(
        "a height of unknown sort: taken for that of the antenna above ground, which is doubted",
        ("mast height", "tower height", "chiều cao", "độ cao", "chiều cao cột", "chiều cao cột anten",
         "chiều cao tháp", "cao", "hgt"),
        LENGTH_UNITS,
    ),
    "height_amsl": Field(
        "height of the antenna above sea level",
        ("antenna height amsl", "rcamsl", "radiation centre amsl", "antenna height above sea level", "height above sea level",
         "height above mean sea level", "height asl", "amsl", "hamsl",
         "độ cao anten so với mực nước biển", "chiều cao anten so với mực nước biển",
         "độ cao anten so với mặt biển", "chiều cao anten so với mặt biển"),
        LENGTH_UNITS,
    ),
    "ground": Field(
        "height of the ground at the site; only `dtt-sim terrain check` compares it",
        ("ground height", "ground level", "site alt", "ground elevation", "site height", "site elevation",
         "elevation", "altitude", "site height amsl", "site altitude", "cao độ", "độ cao mặt đất",
         "độ cao địa hình", "cao độ mặt đất", "độ cao so với mực nước biển",
         "độ cao so với mặt biển", "độ cao trạm", "độ cao vị trí"),
        LENGTH_UNITS,
    ),
    "erp": Field(
        "radiated power, relative to a half-wave dipole",
        ("e r p", "max erp", "erp max", "maximum erp", "erpmax", "total erp", "effective radiated power",
         "công suất bức xạ", "công suất bức xạ hiệu dụng", "công suất phát xạ hiệu dụng", "erp d",
         "công suất erp", "radiated power"),
        POWER_UNITS,
    ),
    "eirp": Field(
        "radiated power, relative to an isotropic radiator",
        ("max eirp", "eirp max", "maximum eirp", "pire", "e i r p", "công suất eirp",
         "effective isotropic radiated power", "equivalent isotropically radiated power",
         "công suất bức xạ đẳng hướng", "công suất bức xạ đẳng hướng tương đương"),
        POWER_UNITS,
    ),
    "tx_power": Field(
        "power of the transmitter, before the antenna",
        ("transmitter power", "tx power", "transmit power", "output power", "transmitter output",
         "tx output power", "tpo", "công suất máy phát", "công suất máy", "công suất ra",
         "công suất phát của máy", "công suất đầu ra", "power output"),
        POWER_UNITS,
    ),
    "power": Field(
        "a power of unknown sort: of the transmitter where a gain is given, else taken for the ERP, "
        "which is doubted",
        ("công suất", "công suất phát", "công suất phát sóng", "p", "pwr"),
        POWER_UNITS,
    ),
    "antenna_gain": Field(
        "gain of the antenna, in dBd or dBi",
        ("gain", "ant gain", "gain max", "tx gain", "tx antenna gain", "hệ số tăng ích", "độ lợi",
         "độ lợi anten", "tăng ích anten", "hệ số tăng ích anten", "độ tăng ích", "tăng ích",
         "hệ số khuếch đại anten", "độ tăng ích anten", "antenna gain max"),
        GAIN_UNITS,
    ),
    "loss": Field(
        "losses between transmitter and antenna; several columns are added",
        ("losses", "feeder loss", "feeder losses", "cable loss", "cable losses", "line loss",
         "system loss", "system losses", "combiner loss", "filter loss", "total loss",
         "total losses", "tx loss", "tx losses", "suy hao", "suy hao phi đơ", "suy hao feeder",
         "suy hao cáp", "suy hao fide", "tổn hao", "tổng suy hao", "suy hao bộ kết hợp",
         "suy hao bộ lọc"),
        ("dB",),
    ),
    "multiplex": Field(
        "id or title of a multiplex, or analogue or other service, of the scenario",
        ("mux", "ensemble", "service", "bộ ghép kênh", "bộ ghép", "gói kênh", "dịch vụ", "network",
         "mạng", "multiplex id", "mux id"),
    ),
    "channel": Field(
        "channel (33, K33, UHF 33, R6, E5), or a frequency with its unit",
        ("channel", "ch", "rf channel", "tv channel", "uhf channel", "channel number", "channel no",
         "kênh", "kênh tần số", "kênh phát", "kênh phát sóng", "kênh rf", "số kênh", "kênh uhf",
         "kênh sóng"),
    ),
    "channel_raster": Field(
        "UHF, VHF_DK or VHF_B", ("raster", "channel raster", "band", "băng", "dải tần", "băng tần")
    ),
    "frequency": Field(
        "centre frequency, analogue: vision carrier",
        ("freq", "centre frequency", "freq assgn", "center frequency", "carrier frequency", "tần số", "tần số phát",
         "tần số trung tâm", "tần số phát sóng", "tx frequency", "f", "assigned frequency",
         "vision carrier"),
        FREQUENCY_UNITS,
    ),
    "polarisation": Field(
        "H or V, horizontal or vertical, ngang or đứng",
        ("polarization", "pol", "polar", "phân cực", "phân cực anten"),
    ),
    "horizontal_pattern": Field(
        "CSV file, relative to the list", ("hrp", "pattern file", "horizontal pattern file")
    ),
    "vertical_pattern": Field("CSV file, relative to the list", ("vrp", "vertical pattern file")),
    "electrical_tilt": Field(
        "beam tilt, downwards positive",
        ("electrical tilt", "e tilt", "electrical downtilt", "beam tilt", "góc nghiêng điện",
         "tilt", "downtilt", "góc ngẩng", "góc cụp", "góc nghiêng"),
        ("deg",),
    ),
    "mechanical_tilt": Field(
        "tilt of the mounting, downwards positive",
        ("mechanical tilt", "m tilt", "mechanical downtilt", "góc nghiêng cơ", "góc nghiêng cơ khí"),
        ("deg",),
    ),
    "mechanical_tilt_azimuth": Field(
        "azimuth towards which it leans", ("mechanical tilt azimuth",), ("deg",)
    ),
    "delay": Field(
        "static delay in a single-frequency network",
        ("static delay", "sfn delay", "network delay", "độ trễ", "trễ", "trễ tĩnh", "time delay"),
        TIME_UNITS,
    ),
    "line_offset": Field(
        "analogue: offset in twelfths of the line frequency; also 8M, 8P",
        ("offset", "frequency offset"),
    ),
    "precision_offset": Field("analogue: true or false", ("precision offset",)),
    "on_air": Field(
        "true or false, yes or no, có or không",
        ("on air", "active", "status", "in operation", "trạng thái", "hoạt động", "tình trạng",
         "đang phát"),
    ),
    "confidence": Field(
        "VERIFIED, SINGLE, RECALL, ASSUMED or SYNTHETIC", ("độ tin cậy", "evidence")
    ),
    "note": Field(
        "for people",
        ("notes", "remark", "remarks", "comment", "comments", "description", "ghi chú", "chú thích",
         "chú ý", "diễn giải"),
    ),
    "ignore": Field(
        "numbers of rows and what else a station table has no place for",
        ("no", "nr", "number", "row", "stt", "tt", "số tt", "số thứ tự", "#", "fid", "ogc fid",
         "objectid", "timestamp", "begin", "end", "altitudemode", "tessellate", "extrude",
         "visibility", "draworder", "icon", "snippet"),
    ),
}  # fmt: skip

OWN_COLUMNS = {
    "lat_deg": "lat", "lon_deg": "lon", "height_agl_m": "height_agl", "height_amsl_m": "height_amsl",
    "ground_amsl_m": "ground", "erp_kw": "erp", "eirp_kw": "eirp", "frequency_mhz": "frequency",
    "electrical_tilt_deg": "electrical_tilt", "mechanical_tilt_deg": "mechanical_tilt",
    "mechanical_tilt_azimuth_deg": "mechanical_tilt_azimuth", "delay_us": "delay",
}  # fmt: skip
"""Columns of the station table whose field has the name without the unit."""


def unit_of(text: str, of: tuple[str, ...] = _KNOWN) -> str:
    """Unit that a text names, or "".

    Upper and lower case part mW from MW; of the rest they part nothing.

    >>> unit_of("KW"), unit_of("MW"), unit_of("mW"), unit_of("μs"), unit_of("m²")
    ('kW', 'MW', 'mW', 'µs', '')
    """
    bare = text.strip().strip(".").replace("\u03bc", "µ")
    if bare in of:
        return bare
    named = _ALIASES.get(bare.lower())
    if named in of:
        return named
    near = [unit for unit in of if unit.lower() == bare.lower()]
    return near[0] if len(near) == 1 else ""
