"""How a household receives: the class, and whatever is known better than the tables know it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import cast, get_args

from dtt_sim.network import reception_tables as tables
from dtt_sim.network.reception_tables import (
    Building,
    ChannelType,
    Environment,
    HeightLoss,
    ReceivingAntenna,
)
from dtt_sim.typing import ReceptionClass

PREDICTED_WITH_LOSS_M = 10.0
"""The height loss of the tables starts at this height above ground [m]."""

LOW_HEIGHT_M = 5.0
"""A prediction made below this height is one at street level, not at roof level [m]."""


@dataclass(frozen=True, slots=True)
class Reception:
    """How a household receives. None: from the tables, for the class, mode and frequency.

    Attributes
    ----------
    reception : {"fixed", "portable_outdoor", "portable_indoor", "mobile"}
    predicted_height_agl_m : float
        Height above ground at which the field is predicted [m].
    height_loss : {"none", "suburban", "urban"}
        Loss from 10 m down to 1.5 m that is added to the requirement.
    location_sigma_db : float or None
        Standard deviation of the field over locations [dB].
    acceptable_location_percent, good_location_percent : float
        Shares of locations that count as acceptable and good reception [%]; given as None they are
        70 and 95, for the mobile class 90 and 99.
    noise_figure_db, noise_bandwidth_mhz : float or None
        Of the receiver [dB], [MHz].
    receiving_antenna : {"rooftop", "portable", "handheld", "vehicle"} or None
    antenna_gain_dbd, feeder_loss_db : float or None
        Gain over a half-wave dipole [dBd]; loss to the receiver [dB].
    environment : {"urban", "rural"} or None
        For man-made noise; None: urban where the height loss is.
    man_made_noise_db : float or None
    height_loss_db : float or None
        In the place of the table's value for `height_loss` [dB].
    building : {"light", "medium", "metallised", "ge06"}
        Kind of building in Bands IV and V; the tables know one kind in Band III.
    building_entry_loss_db, building_entry_sigma_db : float or None
        Of the portable_indoor class [dB].
    in_vehicle : bool
        Receiver inside a vehicle, without an antenna on its roof; mobile class.
    vehicle_entry_loss_db, vehicle_entry_sigma_db : float or None
    channel : {"gauss", "rice", "rayleigh"} or None
        Kind of radio channel for which C/N is taken.
    cn_db : float or None
        Required C/N, corrections for short frames and pilots included [dB].
    short_fec_correction_db, pilot_correction_db, doppler_margin_db : float or None
        Added to C/N [dB]. None: none for pilots and motion, see `pilot_correction`.

    Raises
    ------
    ValueError
        A value out of range, one without effect, or the height loss counted twice or not at all.
    """

    reception: ReceptionClass = "fixed"
    predicted_height_agl_m: float = 10.0
    height_loss: HeightLoss = "none"
    location_sigma_db: float | None = None
    # Always numbers for the reader; None is replaced by the class's shares below.
    acceptable_location_percent: float = cast("float", None)
    good_location_percent: float = cast("float", None)
    noise_figure_db: float | None = None
    antenna_gain_dbd: float | None = None
    feeder_loss_db: float | None = None
    man_made_noise_db: float | None = None
    height_loss_db: float | None = None
    building_entry_loss_db: float | None = None
    building_entry_sigma_db: float | None = None
    cn_db: float | None = None
    noise_bandwidth_mhz: float | None = None
    receiving_antenna: ReceivingAntenna | None = None
    environment: Environment | None = None
    building: Building = "medium"
    in_vehicle: bool = False
    vehicle_entry_loss_db: float | None = None
    vehicle_entry_sigma_db: float | None = None
    channel: ChannelType | None = None
    short_fec_correction_db: float | None = None
    pilot_correction_db: float | None = None
    doppler_margin_db: float | None = None

    def __post_init__(self) -> None:
        """Fill in the class's location targets; refuse contradictions."""
        _one_of("class", self.reception, get_args(ReceptionClass))
        targets = tables.location_targets(self.reception)
        for name, percent in zip(_PERCENTAGES, targets, strict=True):
            if getattr(self, name) is None:
                object.__setattr__(self, name, percent)
        _one_of("height_loss", self.height_loss, get_args(HeightLoss))
        _one_of("building", self.building, get_args(Building))
        _one_of("receiving_antenna", self.receiving_antenna, (None, *get_args(ReceivingAntenna)))
        _one_of("environment", self.environment, (None, *get_args(Environment)))
        _one_of("channel", self.channel, (None, *get_args(ChannelType)))
        for field in fields(self):
            _check_range(field.name, getattr(self, field.name))
        low, high = self.acceptable_location_percent, self.good_location_percent
        if low > high:
            msg = (
                f"acceptable_location_percent = {low:g} is above good_location_percent = {high:g}; "
                "give the smaller share as acceptable"
            )
            raise ValueError(msg)
        self._check_without_effect()
        self._check_height()

    def _check_without_effect(self) -> None:
        for prefix, is_used, needs in (
            ("building_entry", self.reception == "portable_indoor", "class portable_indoor"),
            ("vehicle_entry", self.in_vehicle, "in_vehicle"),
        ):
            for name in (f"{prefix}_loss_db", f"{prefix}_sigma_db"):
                if getattr(self, name) and not is_used:
                    msg = f"{name} has no effect on {self.reception} reception; it needs {needs}"
                    raise ValueError(msg)
        if self.in_vehicle and self.reception != "mobile":
            msg = f"in_vehicle with {self.reception} reception; it needs class mobile"
            raise ValueError(msg)

    def _check_height(self) -> None:
        height = self.predicted_height_agl_m
        if self.has_height_loss and self.reception == "fixed":
            msg = "height_loss with fixed reception: a roof antenna is at 10 m; set it to none"
            raise ValueError(msg)
        if self.has_height_loss and height < PREDICTED_WITH_LOSS_M:
            msg = (
                f"height_loss with a prediction at {height:g} m counts the loss to street level "
                "twice; predict at 10 m with it, or at 1.5 m without it"
            )
            raise ValueError(msg)
        if self.has_height_loss and height > PREDICTED_WITH_LOSS_M and self.height_loss_db is None:
            msg = (
                f"height_loss with a prediction at {height:g} m: the tables know the loss from "
                "10 m down; predict at 10 m, or give height_loss_db"
            )
            raise ValueError(msg)
        if self.reception != "fixed" and not self.has_height_loss and height >= LOW_HEIGHT_M:
            msg = (
                f"{self.reception} reception predicted at {height:g} m needs height_loss suburban "
                "or urban, since the receiver stands at 1.5 m; or predict at 1.5 m without it"
            )
            raise ValueError(msg)

    @property
    def has_height_loss(self) -> bool:
        """Whether a loss from the predicted height down to street level is added."""
        if self.height_loss_db is not None:
            return self.height_loss_db != 0.0
        return self.height_loss != "none"


_PERCENTAGES = ("acceptable_location_percent", "good_location_percent")
_RANGES = {
    "predicted_height_agl_m": (1.0, 3000.0),
    "location_sigma_db": (0.0, 30.0),
    "acceptable_location_percent": (0.01, 99.99),
    "good_location_percent": (0.01, 99.99),
    "noise_figure_db": (0.0, 30.0),
    "noise_bandwidth_mhz": (0.1, 20.0),
    "antenna_gain_dbd": (-60.0, 40.0),
    "feeder_loss_db": (0.0, 60.0),
    "man_made_noise_db": (0.0, 60.0),
    "height_loss_db": (0.0, 60.0),
    "building_entry_loss_db": (0.0, 100.0),
    "building_entry_sigma_db": (0.0, 30.0),
    "vehicle_entry_loss_db": (0.0, 60.0),
    "vehicle_entry_sigma_db": (0.0, 30.0),
    "cn_db": (-20.0, 60.0),
    "short_fec_correction_db": (-10.0, 10.0),
    "pilot_correction_db": (-10.0, 10.0),
    "doppler_margin_db": (0.0, 30.0),
}


def _one_of(name: str, value: object, known: Iterable[object]) -> None:
    options = tuple(known)
    if value not in options:
        text = ", ".join(str(option) for option in options if option is not None)
        msg = f"{name} {value!r} is not known; use one of {text}"
        raise ValueError(msg)


def _check_range(name: str, value: float | None) -> None:
    if name not in _RANGES or value is None:
        return
    low, high = _RANGES[name]
    if not low <= value <= high:
        msg = f"{name} = {value} is outside {low:g} to {high:g}; correct it"
        raise ValueError(msg)
