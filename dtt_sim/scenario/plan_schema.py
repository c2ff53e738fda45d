"""Keys of a plan: phases, households, deliveries, prices, gates, doubts, alternatives."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from dtt_sim.scenario.keys import Confidence, Keys, Programmes


class PhaseKeys(Keys):
    """A step of the plan: what changes on its date, compared with the phase before."""

    id: str = Field(pattern=r"^[A-Za-z0-9_-]+$", description="short name, used in file names")
    title: str = Field("", description="name for people")
    date: dt.date = Field(description="day from which it holds, 2016-08-15")
    confidence: Confidence = Field("ASSUMED", description="how sure the date is")
    note: str = Field("", description="for people")
    on: list[str] = Field(
        [], description="what comes on air: ids of stations or services, or names of sites"
    )
    off: list[str] = Field([], description="what goes off the air; likewise")
    analogue_off: bool | list[str] = Field(
        False, description="true: every analogue station goes off the air; or those of these names"
    )
    analogue_off_box: Annotated[list[float], Field(min_length=4, max_length=4)] | None = Field(
        None, description="analogue stations in west, south, east, north go off the air [deg]"
    )
    vacate_mhz: Annotated[list[float], Field(min_length=2, max_length=2)] | None = Field(
        None,
        description="television stations with a channel in this range go off the air, for good [MHz]",
    )
    transmitters: dict[str, dict[str, Any]] = Field(
        {}, description="changes to rows of the station table, by id"
    )
    multiplexes: dict[str, dict[str, Any]] = Field({}, description="changes, by id")
    analogue: dict[str, dict[str, Any]] = Field({}, description="changes, by id")

    @model_validator(mode="after")
    def _ranges(self) -> PhaseKeys:
        if self.vacate_mhz and self.vacate_mhz[0] >= self.vacate_mhz[1]:
            msg = "vacate_mhz: give the lower frequency first"
            raise ValueError(msg)
        box = self.analogue_off_box
        if box and not (box[0] < box[2] and box[1] < box[3]):
            msg = "analogue_off_box: give west < east and south < north"
            raise ValueError(msg)
        return self

    @property
    def name(self) -> str:
        """Title for people."""
        return self.title or self.id


Share = Annotated[float, Field(ge=0.0, le=100.0)]


class HouseholdKeys(Keys):
    """Households, what they watch, and who of them gets a DVB-T2 receiver by when."""

    persons_per_household: float = Field(3.75, gt=0.0, le=50.0, description="mean of all units")
    terrestrial_percent: Share = Field(35.0, description="watch terrestrial television only [%]")
    cable_percent: Share = Field(28.0, description="[%]")
    satellite_percent: Share = Field(32.0, description="[%]")
    none_percent: Share = Field(5.0, description="without television [%]")
    poor_percent: Share = Field(6.0, description="of all households [%]")
    near_poor_percent: Share = Field(5.0, description="of all households [%]")
    table: str | None = Field(None, description="CSV by unit: unit, and any of the columns above")
    start: dt.date | None = Field(
        None, description="day from which uptake counts; default: the first phase's"
    )
    digital_at_start_percent: Share = Field(
        15.0, description="of terrestrial households with a DVB-T2 receiver at the start [%]"
    )
    uptake_percent: Annotated[float, Field(ge=0.0, lt=100.0)] = Field(
        65.0, description="with one of their own later, without support [%]"
    )
    uptake_after_months: float = Field(24.0, gt=0.0, le=600.0, description="how much later")
    uptake_low_percent: Annotated[float, Field(ge=0.0, lt=100.0)] = Field(
        18.0, description="lowest thinkable [%]"
    )
    uptake_high_percent: Annotated[float, Field(ge=0.0, lt=100.0)] = Field(
        80.0, description="highest thinkable [%]"
    )
    quality: Literal["good", "acceptable"] = Field(
        "good", description="reception that counts in the ledger; analogue: grade 4 or grade 3"
    )
    reaim_deg: float = Field(
        20.0, ge=0.0, le=180.0, description="aerials turned by more have to be re-aimed [deg]"
    )
    islands: list[str] = Field(
        [],
        description="units, or places of the population table, with rows of their own in "
        "fairness.csv",
    )

    @model_validator(mode="after")
    def _sums(self) -> HouseholdKeys:
        total = (
            self.terrestrial_percent + self.cable_percent + self.satellite_percent
            + self.none_percent
        )  # fmt: skip
        if abs(total - 100.0) > 1e-6:
            msg = (
                f"terrestrial, cable, satellite and none sum to {total:g} %; give shares that sum "
                "to 100"
            )
            raise ValueError(msg)
        if self.poor_percent + self.near_poor_percent > 100.0:
            msg = "poor_percent and near_poor_percent sum to more than 100"
            raise ValueError(msg)
        if not self.uptake_low_percent <= self.uptake_percent <= self.uptake_high_percent:
            msg = "give uptake_low_percent <= uptake_percent <= uptake_high_percent"
            raise ValueError(msg)
        if self.uptake_percent < self.digital_at_start_percent:
            msg = "uptake_percent must not be below digital_at_start_percent"
            raise ValueError(msg)
        return self


class DeliveryKeys(Keys):
    """Receivers delivered to supported households by a phase."""

    phase: str = Field(description="id of a phase")
    percent: Share = Field(description="of the supported households that have one by then [%]")
    groups: list[Literal["poor", "near_poor"]] = Field(
        ["poor", "near_poor"], description="who is supported"
    )


class SitePriceKeys(Keys):
    """What a site of a power class costs."""

    above_kw: float = Field(ge=0.0, description="lowest ERP of the class [kW]")
    capex: float = Field(ge=0.0, description="in the plan's currency")


class PriceKeys(Keys):
    """What things cost, and what the plan pays for."""

    currency: str = Field("VND", description="of all prices")
    other_currency: str = Field("USD", description="in which totals are told as well")
    rate: float = Field(
        22300.0,
        gt=0.0,
        description="of one unit of the other currency",
        json_schema_extra={"confidence": "RECALL", "source": "VND for a USD in 2016"},
    )
    receiver: float = Field(
        824000.0,
        ge=0.0,
        description="digital receiver (set-top box)",
        json_schema_extra={
            "confidence": "SINGLE",
            "source": "461 000 boxes for VND 380 thousand million (a weak source); Hà Nội paid 730 000",
        },
    )
    satellite: float = Field(1500000.0, ge=0.0, description="satellite receiver with dish")
    satellite_for: Literal["supported", "all", "nobody"] = Field(
        "supported", description="who outside terrestrial coverage is given one"
    )
    site: list[SitePriceKeys] = Field(
        [
            SitePriceKeys(above_kw=0.0, capex=1.5e9),
            SitePriceKeys(above_kw=0.5, capex=6e9),
            SitePriceKeys(above_kw=5.0, capex=15e9),
        ],
        description="classes of sites by ERP; default: 1.5, 6 and 15 thousand million from 0, 0.5 "
        "and 5 kW",
    )
    site_opex_percent: Share = Field(8.0, description="yearly operation, of capex [%]")
    further_station_percent: Share = Field(
        30.0, description="of a site's capex, for another station on its mast [%]"
    )
    pays_for: list[str] | None = Field(
        None,
        description="stations, services or sites; default: all DVB-T2 stations that a phase "
        "switches on",
    )
    until: dt.date | None = Field(
        None, description="end of the operation that is counted; default: a year after the plan"
    )

    @model_validator(mode="after")
    def _ascending(self) -> PriceKeys:
        powers = [one.above_kw for one in self.site]
        if powers != sorted(set(powers)) or not powers:
            msg = "give prices.site with ascending above_kw"
            raise ValueError(msg)
        return self


class GateKeys(Keys):
    """What a phase must reach to go ahead."""

    boxes_delivered_percent: Share = Field(
        95.0, description="poor and near-poor terrestrial households with a receiver, at least [%]"
    )
    losing_all_percent: Share = Field(
        0.5, description="terrestrial households that lose every programme, at most [%]"
    )
    population_percent: Share = Field(
        80.0, description="population with good digital reception, at least [%]"
    )
    worst_unit_percent: Share = Field(
        50.0, description="the same, acceptable, in the worst unit [%]"
    )
    must_carry: Programmes = Field([], description="programmes that households must not lose")
    losing_programme_percent: Share = Field(
        5.0, description="terrestrial households that lose one of them, at most [%]"
    )
    phases: list[str] | None = Field(
        None, description="to which they apply; default: where analogue stations go off the air"
    )


class UncertaintyKeys(Keys):
    """What is not known, as standard deviations, and how often it is drawn."""

    draws: int = Field(0, ge=0, le=100000, description="of the Monte Carlo; 0: none")
    seed: int = Field(0, ge=0, description="the same seed gives the same draws")
    cells: int = Field(300, ge=10, le=100000, description="in the sample of cells with people")
    bias_db: float = Field(3.0, ge=0.0, le=30.0, description="error common to all stations [dB]")
    mast_db: float = Field(2.0, ge=0.0, le=30.0, description="error of each mast [dB]")
    unit_db: float = Field(2.0, ge=0.0, le=30.0, description="error within each unit [dB]")
    erp_db: float = Field(0.5, ge=0.0, le=30.0, description="tolerance of ERP [dB]")
    location_sigma_db: float = Field(
        0.5, ge=0.0, le=10.0, description="of the spread over locations [dB]"
    )
    slip_months: float = Field(
        6.0, ge=0.0, le=240.0, description="latest slip of a date that is not VERIFIED"
    )


class AlternativeKeys(Keys):
    """An override whose effect the run tells beside its own result."""

    override: str = Field(description="name of an [override.NAME]")
    title: str = Field("", description="name for people")
