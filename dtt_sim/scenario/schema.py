"""Keys of a scenario file: types, units, defaults, ranges. The JSON schema is made from these."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from dtt_sim.scenario.keys import Confidence, Keys, Percent, Programmes
from dtt_sim.scenario.plan_schema import (
    AlternativeKeys,
    DeliveryKeys,
    GateKeys,
    HouseholdKeys,
    PhaseKeys,
    PriceKeys,
    UncertaintyKeys,
)


class TerrainKeys(Keys):
    """The ground."""

    elevation: str | list[str] = Field(description="elevation raster, or tiles of one mosaic")
    nodata: float | None = Field(None, description="value meaning nodata, if the tag is wrong")
    nodata_means: Literal["auto", "sea", "void"] = Field("auto", description="what nodata is")
    land: str | None = Field(None, description="land polygons; what lies outside them is sea")
    zones: str | None = Field(None, description="raster of zones 1 sea, 3 coastal, 4 inland")
    land_cover: str | list[str] | None = Field(None, description="land-cover raster, or tiles")
    land_cover_classes: str = Field(
        "esa_worldcover",
        description="esa_worldcover, corine, corine_44, globcover, mekong_landuse or a CSV table",
    )
    surface: Literal["auto", "bare_earth", "surface"] = Field(
        "auto",
        description="surface: heights hold canopy and roofs, clutter is not added; auto: by the "
        "name of the elevation files, bare_earth if it says nothing",
    )
    fill_voids: Literal["none", "interpolate"] = Field(
        "none", description="interpolate: voids get a height from those round them"
    )
    fill_voids_max_km2: float = Field(
        1.0, gt=0.0, le=10_000.0, description="larger voids stay void [km²]"
    )
    schematic: bool = Field(False, description="the relief is made up; outputs say so")
    credits: list[str] = Field(default=[], description="sources to credit")


class GridKeys(Keys):
    """The receiving grid."""

    crs: str = Field(description="coordinate system, e.g. EPSG:32648")
    cell_size: float = Field(gt=0.0, description="cell size [units of the CRS]")
    west_deg: float = Field(ge=-180.0, le=180.0, description="[deg]")
    south_deg: float = Field(ge=-80.0, le=80.0, description="[deg]")
    east_deg: float = Field(ge=-180.0, le=180.0, description="[deg]")
    north_deg: float = Field(ge=-80.0, le=80.0, description="[deg]")

    @model_validator(mode="after")
    def _ordered(self) -> GridKeys:
        if not (self.west_deg < self.east_deg and self.south_deg < self.north_deg):
            msg = "give west_deg < east_deg and south_deg < north_deg"
            raise ValueError(msg)
        return self


class PropagationKeys(Keys):
    """The propagation model."""

    model: Literal["p1812"] = Field("p1812", description="propagation model")
    delta_n: float = Field(
        53.5, gt=0.0, lt=157.0, description="refractivity lapse rate [N-units/km]"
    )
    n0: float = Field(381.0, ge=200.0, le=500.0, description="sea-level refractivity [N-units]")
    delta_n_map: str | None = Field(
        None, description="the ITU's map DN50.TXT, read at every path's centre; before delta_n"
    )
    n0_map: str | None = Field(None, description="the ITU's map N050.TXT; before n0")
    measured_offset_db: float = Field(
        0.0, ge=-40.0, le=40.0,
        description="added to every field after the model, as `dtt-sim measurements` finds it [dB]",
    )  # fmt: skip
    measured_offset_error_db: float | None = Field(
        None, ge=0.0, le=40.0, description="standard error of measured_offset_db [dB]"
    )
    measured_offset_source: str = Field("", description="measurements that it rests on")
    wanted_time_percent: float = Field(50.0, ge=1.0, le=50.0, description="[% of time]")
    interfering_time_percent: float = Field(1.0, ge=1.0, le=50.0, description="[% of time]")
    wanted_radius_km: float = Field(150.0, ge=1.0, le=1000.0, description="[km]")
    interfering_radius_km: float = Field(400.0, ge=1.0, le=1000.0, description="[km]")

    @model_validator(mode="after")
    def _ordered(self) -> PropagationKeys:
        if self.interfering_radius_km < self.wanted_radius_km:
            msg = "interfering_radius_km must not be below wanted_radius_km"
            raise ValueError(msg)
        if self.interfering_time_percent >= self.wanted_time_percent:
            msg = "interfering_time_percent must be below wanted_time_percent"
            raise ValueError(msg)
        return self

    @property
    def has_maps(self) -> bool:
        """Whether refractivity varies over the area."""
        return self.delta_n_map is not None or self.n0_map is not None


Db = Annotated[float | None, Field(ge=-60.0, le=100.0)]


class ReceptionKeys(Keys):
    """How households receive."""

    reception: Literal["fixed", "portable_outdoor", "portable_indoor", "mobile"] = Field(
        "fixed", alias="class", description="reception class"
    )
    predicted_height_agl_m: float = Field(
        10.0, ge=1.0, le=100.0, description="height at which the field is predicted [m]"
    )
    height_loss: Literal["none", "suburban", "urban"] = Field(
        "none", description="loss from 10 m to 1.5 m"
    )
    location_sigma_db: Annotated[float | None, Field(ge=0.0, le=30.0)] = Field(
        None, description="standard deviation over locations [dB]; default: 5.5"
    )
    acceptable_location_percent: Percent | None = Field(
        None, description="[% of locations]; default: 70, mobile 90"
    )
    good_location_percent: Percent | None = Field(
        None, description="[% of locations]; default: 95, mobile 99"
    )
    noise_figure_db: Annotated[float | None, Field(ge=0.0, le=30.0)] = Field(
        None, description="[dB]; default: 6"
    )
    noise_bandwidth_mhz: Annotated[float | None, Field(gt=0.0, le=20.0)] = Field(
        None, description="[MHz]; default: by mode"
    )
    receiving_antenna: Literal["rooftop", "portable", "handheld", "vehicle"] | None = Field(
        None, description="default: by class"
    )
    environment: Literal["urban", "rural"] | None = Field(
        None, description="for man-made noise; default: urban where the height loss is"
    )
    building: Literal["light", "medium", "metallised", "ge06"] = Field(
        "medium", description="kind of building, Bands IV and V, portable_indoor"
    )
    in_vehicle: bool = Field(False, description="mobile receiver without an antenna on the roof")
    vehicle_entry_loss_db: Db = Field(None, description="[dB]; default: by band")
    vehicle_entry_sigma_db: Db = Field(None, description="[dB]; default: by band")
    channel: Literal["gauss", "rice", "rayleigh"] | None = Field(
        None, description="radio channel for which C/N is taken; default: by class"
    )
    short_fec_correction_db: Db = Field(None, description="added to C/N for 16200 FEC [dB]")
    pilot_correction_db: Db = Field(None, description="added to C/N for the pilot pattern [dB]")
    doppler_margin_db: Db = Field(None, description="added to C/N in motion [dB]; default: 0")
    antenna_gain_dbd: Db = Field(None, description="[dBd]; default: by class and frequency")
    feeder_loss_db: Db = Field(None, description="[dB]; default: by class and frequency")
    man_made_noise_db: Db = Field(None, description="[dB]; default: by band")
    height_loss_db: Db = Field(None, description="[dB]; default: by environment and frequency")
    building_entry_loss_db: Db = Field(None, description="[dB]; default: by band")
    building_entry_sigma_db: Db = Field(None, description="[dB]; default: by band")
    cn_db: Db = Field(None, description="required C/N [dB]; default: by mode")

    @model_validator(mode="after")
    def _ordered(self) -> ReceptionKeys:
        acceptable, good = self.acceptable_location_percent, self.good_location_percent
        if acceptable is not None and good is not None and acceptable > good:
            msg = "acceptable_location_percent must not be above good_location_percent"
            raise ValueError(msg)
        return self


FieldStrength = Annotated[float | None, Field(ge=0.0, le=120.0)]


class MultiplexKeys(Keys):
    """A multiplex and its DVB-T2 mode."""

    title: str = Field("", description="name for people")
    network: Literal["mfn", "sfn"] = Field(
        "mfn",
        description="mfn: each household on its best station; sfn: the signals of all stations, "
        "on one channel, add up",
    )
    fft: str = Field(description="1K, 2K, 4K, 8K, 16K, 32K")
    guard_interval: str = Field(description="1/128, 1/32, 1/16, 19/256, 1/8, 19/128, 1/4")
    pilot_pattern: str = Field(description="PP1 to PP8")
    modulation: str = Field(description="QPSK, 16QAM, 64QAM, 256QAM")
    code_rate: str = Field(description="1/2, 3/5, 2/3, 3/4, 4/5, 5/6")
    extended_carriers: bool = Field(False, description="extended carrier mode")
    bandwidth_mhz: float = Field(8.0, description="[MHz]")
    fec_length: int = Field(64800, description="64800 or 16200")
    rotated: bool = Field(False, description="rotated constellation")
    miso: bool = Field(False, description="two transmitter groups with Alamouti coding")
    programmes: Programmes = Field([], description="television programmes that it carries")


class AnalogueKeys(Keys):
    """An analogue programme or chain of stations, each on a channel of its own."""

    title: str = Field("", description="name for people")
    system: Literal["PAL_DK", "PAL_BG", "PAL_I", "SECAM_DK"] = Field(
        "PAL_DK", description="television system"
    )
    bandwidth_mhz: float = Field(8.0, ge=6.0, le=8.0, description="[MHz]; 7 in VHF with system B")
    programmes: Programmes = Field([], description="television programmes; by default its id")
    protected_field_dbuv_m: FieldStrength = Field(
        None, description="median field of a grade 4 picture [dB(µV/m)]; default: BT.417 by band"
    )
    satisfactory_field_dbuv_m: FieldStrength = Field(
        None, description="median field of a grade 3 picture [dB(µV/m)]; default: by band"
    )

    @model_validator(mode="after")
    def _ordered(self) -> AnalogueKeys:
        good, fair = self.protected_field_dbuv_m, self.satisfactory_field_dbuv_m
        if good is not None and fair is not None and fair > good:
            msg = "satisfactory_field_dbuv_m must not be above protected_field_dbuv_m"
            raise ValueError(msg)
        return self


class OtherKeys(Keys):
    """Stations that only disturb, by rows of network.protection_rows."""

    title: str = Field("", description="name for people")
    system: str = Field(pattern=r"^[A-Za-z0-9_-]+$", description='as in the rows, such as "LTE"')
    bandwidth_mhz: float = Field(gt=0.0, le=100.0, description="[MHz]")


class NetworkKeys(Keys):
    """How receivers cope with several signals, and who disturbs whom."""

    interference: bool = Field(
        True, description="stations of other multiplexes, and of the same one as mfn, disturb"
    )
    protection_rows: str | None = Field(
        None, description="CSV table of protection ratios that come before the built-in ones"
    )
    aerial: Literal["one", "afresh"] = Field(
        "one",
        description="programmes of several multiplexes: one rooftop aerial for all, turned where it "
        "brings most, or one aimed afresh for each; tables show both",
    )
    antenna_discrimination: bool = Field(
        True, description="rooftop antennas point at a station and weaken others, BT.419-3"
    )
    aim: Literal["strongest", "best"] = Field(
        "strongest", description="where rooftop antennas point in a single-frequency network"
    )
    strategy: Literal[
        "strongest", "first_above_threshold", "centre_of_gravity", "quasi_optimal", "maximum_ci"
    ] = Field("maximum_ci", description="where receivers place their window")
    weighting: Literal["equalisation_window", "bpn066"] = Field(
        "equalisation_window", description="which echoes outside the guard interval still help"
    )
    share_before: float = Field(
        0.5, ge=0.0, le=1.0,
        description="share of the equalisation window's excess that lies before the guard interval",
    )  # fmt: skip
    threshold_below_strongest_db: float | None = Field(
        10.0, ge=0.0, le=60.0, description="of first_above_threshold [dB]"
    )
    strongest_at: float = Field(
        0.0, ge=0.0, le=1.0, description="of strongest: its place in the guard interval"
    )
    interference_time: Literal["interfering", "wanted"] = Field(
        "interfering", description="percentage of time of self-interference"
    )
    summation: Literal["power_sum", "k_lnm", "schwartz_yeh"] = Field(
        "schwartz_yeh", description="how fields are added over locations"
    )
    correlation: float = Field(0.0, ge=0.0, le=1.0, description="of shadowing between sites")
    k_factor: float = Field(0.7, gt=0.0, le=1.0, description="of k_lnm")

    @model_validator(mode="after")
    def _possible(self) -> NetworkKeys:
        if self.correlation > 0.0 and self.summation == "k_lnm":
            msg = "k_lnm knows no correlation; use schwartz_yeh"
            raise ValueError(msg)
        return self


class StationsKeys(Keys):
    """The transmitters."""

    file: str = Field(description="CSV table of transmitters")


class PopulationKeys(Keys):
    """Who lives where."""

    points: str | None = Field(None, description="CSV: name, unit, lat_deg, lon_deg, persons")
    raster: str | None = Field(None, description="raster of persons per pixel")
    units: str | None = Field(None, description="polygons of administrative units")
    unit_name: str | None = Field(None, description="attribute that names a unit")
    vintage: str = Field("", description="date of the units, named in every table")
    approximate: bool = Field(False, description="figures are rough; outputs say so")
    credits: list[str] = Field(default=[], description="sources to credit")

    @model_validator(mode="after")
    def _one(self) -> PopulationKeys:
        if (self.points is None) == (self.raster is None):
            msg = "give points or raster, one of the two"
            raise ValueError(msg)
        return self


class LinkKeys(Keys):
    """A path that the run reports with the cost of an obstacle on it."""

    name: str = Field(description="name for people")
    transmitter: str = Field(description="id of a transmitter")
    lat_deg: float = Field(ge=-80.0, le=80.0, description="[deg]")
    lon_deg: float = Field(ge=-180.0, le=180.0, description="[deg]")
    flatten_above_m: float = Field(
        5.0, description="compare with the same ground cut off at this height above sea [m]"
    )


class AssumptionKeys(Keys):
    """A value that no source gives, listed in outputs."""

    key: str = Field(description="what it is about, a dotted key where there is one")
    value: str | float | bool = Field("", description="the value used")
    unit: str = ""
    confidence: Confidence = Field("ASSUMED", description="how sure it is")
    reason: str = Field("", description="why this value")
    source: str = ""


class ScenarioKeys(Keys):
    """A scenario file."""

    format: Literal[1] = Field(description="version of this layout")
    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$", description="short name, used in file names")
    title: str = Field("", description="title for maps and tables")
    description: str = ""
    terrain: TerrainKeys
    grid: GridKeys
    propagation: PropagationKeys = PropagationKeys()  # type: ignore[call-arg]
    reception: ReceptionKeys = ReceptionKeys()  # type: ignore[call-arg]
    network: NetworkKeys = NetworkKeys()  # type: ignore[call-arg]
    multiplexes: dict[str, MultiplexKeys] = Field(default={}, description="DVB-T2, by id")
    analogue: dict[str, AnalogueKeys] = Field(default={}, description="analogue television, by id")
    others: dict[str, OtherKeys] = Field(default={}, description="what only disturbs, by id")
    stations: StationsKeys
    population: PopulationKeys | None = None
    households: HouseholdKeys | None = None
    delivery: list[DeliveryKeys] = Field(default=[], description="receivers for the poor")
    prices: PriceKeys | None = None
    gates: GateKeys | None = None
    uncertainty: UncertaintyKeys = UncertaintyKeys()  # type: ignore[call-arg]
    phase: list[PhaseKeys] = Field(default=[], description="the plan, by date")
    alternative: list[AlternativeKeys] = Field(
        default=[], description="overrides to compare the run with"
    )
    link: list[LinkKeys] = Field(default=[], description="paths to report")
    assumption: list[AssumptionKeys] = Field(default=[], description="values no source gives")

    @model_validator(mode="after")
    def _something(self) -> ScenarioKeys:
        if not self.multiplexes and not self.analogue:
            msg = "no service; define [multiplexes.ID] or [analogue.ID]"
            raise ValueError(msg)
        return self


def json_schema() -> dict[str, Any]:
    """JSON schema of a scenario file as it is written, for editors."""
    schema = ScenarioKeys.model_json_schema(by_alias=True)
    schema["title"] = "dtt_sim scenario"
    schema["properties"] |= {
        "extends": {"type": "string", "description": "scenario file that this one changes"},
        "extends_override": {
            "type": "string",
            "description": "override of that file to take over with it",
        },
        "override": {
            "type": "object",
            "description": "named changes: dtt-sim run --override NAME",
            "additionalProperties": {"type": "object"},
        },
        "transmitters": {
            "type": "object",
            "description": "changes to rows of the station table, by id",
            "additionalProperties": {"type": "object"},
        },
    }
    # A file that extends another need not repeat its required keys.
    schema["if"] = {"not": {"required": ["extends"]}}
    schema["then"] = {"required": schema.pop("required")}
    return schema
