"""The parts of a row, each understood by itself: names, heights, power, channel, antenna."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import get_args

from dtt_sim.scenario.keys import Confidence
from dtt_sim.scenario.transmitters import COLUMNS, RANGES, nearest
from dtt_sim.stations.cells import plain_number
from dtt_sim.stations.fields import unit_of
from dtt_sim.stations.frequencies import agree, parse_channel, parse_frequency_mhz, parse_raster
from dtt_sim.stations.names import fold
from dtt_sim.stations.numbers import number, parts
from dtt_sim.stations.powers import (
    Power,
    differ_db,
    erp_from,
    erp_from_transmitter,
    parse_gain_dbd,
    parse_power,
)
from dtt_sim.stations.records import Draft, Habits, Record, measure, usable

_ALL_ROUND = {"omni", "nd", "omnidirectional", "non directional", "vo huong", "dang huong", "none"}
_POLARISATIONS = {
    "horizontal": {"h", "hp", "hor", "horiz", "horizontal", "ngang", "phan cuc ngang", "n"},
    "vertical": {"v", "vp", "ver", "vert", "vertical", "dung", "doc", "phan cuc dung", "d"},
}
_STATES = {
    "true": {
        "true", "yes", "y", "1", "on", "active", "operational", "in operation", "on air", "x", "co",
        "dang phat", "hoat dong", "dang hoat dong",
    },
    "false": {
        "false", "no", "n", "0", "off", "inactive", "off air", "planned", "khong", "dung", "ngung",
        "ngung phat", "dung phat", "chua phat",
    },
}  # fmt: skip


def read_names(record: Record, draft: Draft) -> None:
    """Id, site, confidence and note."""
    for name in ("id", "site", "confidence", "note"):
        draft.values[name] = record.text(name)
    confidence = draft.values["confidence"].upper()
    if confidence and confidence not in get_args(Confidence):
        draft.note(
            f"confidence {confidence!r} left out: it is {COLUMNS['confidence']}", is_doubt=True
        )
        confidence = ""
    draft.values["confidence"] = confidence
    if not draft.values["site"]:
        draft.values["site"] = draft.values["id"]
        if draft.values["id"]:
            draft.note("no name of the site: its id is taken")
        else:
            draft.refuse("no name of the site; give one")


def read_heights(record: Record, draft: Draft, mark: str) -> None:
    """Height above ground or above sea; one of them."""
    limits = (1.0, 3000.0)
    agl = measure(record, draft, "height_agl", mark, limits)
    amsl = measure(record, draft, "height_amsl", mark, limits)
    other = measure(record, draft, "height", mark, limits)
    if agl is None and amsl is None and other is not None:
        agl = other
        draft.note(
            f"column {record.heading('height')!r} is taken for the antenna's height above ground",
            is_doubt=True,
        )
    if agl is not None and amsl is not None:
        draft.note(f"height above sea of {amsl:g} m left out: {agl:g} m above ground is given")
        amsl = None
    if agl is None and amsl is None:
        more = " (that of the ground does not do)" if record.has("ground") else ""
        draft.refuse(f"no height of the antenna above ground or above sea{more}; give one")
    draft.values["height_agl_m"] = "" if agl is None else plain_number(agl)
    draft.values["height_amsl_m"] = "" if amsl is None else plain_number(amsl)
    draft.values["ground_amsl_m"] = _ground(record, draft, mark)


def _ground(record: Record, draft: Draft, mark: str) -> str:
    """Height of the ground by the list; a bad one is no reason to refuse the station."""
    limits = RANGES["ground_amsl_m"]
    try:
        ground = measure(record, draft, "ground", mark, limits)
    except ValueError as error:
        draft.note(f"height of the ground left out: {error}")
        return ""
    if ground is None:
        return ""
    if not limits[0] <= ground <= limits[1]:
        draft.note(f"height of the ground left out: {ground:g} m is not on this Earth")
        return ""
    return plain_number(ground)


def read_power(record: Record, draft: Draft, mark: str) -> None:
    """ERP from what there is: ERP, EIRP, or a transmitter with gain and losses."""
    given = {
        name: parse_power(record.text(name), record.unit(name), record.mark(name, mark))
        for name in ("erp", "eirp", "tx_power", "power")
        if record.has(name)
    }
    _settle_unknown_power(record, draft, given)
    chain = _chain(record, draft, mark, given["tx_power"]) if "tx_power" in given else None
    radiated = []
    for name in ("erp", "eirp"):
        if name in given:
            power = given[name]
            is_isotropic = power.sort == "eirp" or (name == "eirp" and power.sort != "erp")
            radiated.append(erp_from(power, is_isotropic=is_isotropic))
    choices = [*radiated, *([chain] if chain else [])]
    if not choices:
        if "tx_power" in given:
            draft.refuse(
                "a transmitter's power without the gain of its antenna; give the gain and losses, "
                "or the ERP"
            )
        else:
            draft.refuse("no power; give ERP, EIRP, or transmitter power, antenna gain and losses")
        return
    erp_kw, how = choices[0]
    draft.note(how)
    for other_kw, other in choices[1:]:
        if differ_db(erp_kw, other_kw) > 0.5:
            draft.note(
                f"ERP {erp_kw:.4g} kW is taken, and {other or f'ERP {other_kw:.4g} kW'} does not "
                "agree with it",
                is_doubt=True,
            )
    draft.values["erp_kw"] = plain_number(erp_kw)


def _settle_unknown_power(record: Record, draft: Draft, given: dict[str, Power]) -> None:
    """What a column that says no more than "power" is."""
    if "power" not in given:
        return
    power = given.pop("power")
    if power.sort:
        given.setdefault(power.sort, power)
    elif record.has("antenna_gain") or "erp" in given or "eirp" in given:
        given.setdefault("tx_power", power)
    elif "tx_power" not in given:
        given["erp"] = power
        draft.note(
            f"column {record.heading('power')!r} is taken for the ERP; if it is the transmitter's "
            "power, give a column of the antenna's gain",
            is_doubt=True,
        )


def _chain(record: Record, draft: Draft, mark: str, power: Power) -> tuple[float, str] | None:
    """ERP of a transmitter with its antenna; None where no gain is given."""
    if not record.has("antenna_gain"):
        return None
    gain_dbd, unit = parse_gain_dbd(
        record.text("antenna_gain"), record.unit("antenna_gain"), record.mark("antenna_gain", mark)
    )
    loss_db = 0.0
    for cell, column in record.cells.get("loss", ()):
        text = usable(cell, column)
        found = parts(text)
        if found is None or (found[1] and unit_of(found[1]) != "dB"):
            msg = f"column {column.heading!r}: {text!r} is not a loss in dB"
            raise ValueError(msg)
        value = number(found[0], "." if cell.kind == "number" else mark, (0.0, 60.0))
        if value < 0.0:
            draft.note(f"column {column.heading!r}: {value:g} dB is taken as a loss", is_doubt=True)
        loss_db += abs(value)
    if not record.has("loss"):
        draft.note("no losses are given: taken as 0 dB", is_doubt=True)
    erp_kw, how = erp_from_transmitter(power, gain_dbd, loss_db)
    return erp_kw, how.replace(" dBd", f" dBd (from {unit})") if unit == "dBi" else how


def read_tuning(record: Record, draft: Draft, habits: Habits) -> None:
    """Channel with its raster, or a frequency."""
    raster = parse_raster(record.text("channel_raster"))
    mhz = None
    if record.has("frequency"):
        mark = record.mark("frequency", habits.mark)
        mhz = parse_frequency_mhz(record.text("frequency"), record.unit("frequency"), mark)
    if not record.has("channel"):
        if mhz is None:
            draft.refuse("no channel and no frequency; give one")
            return
        draft.values["frequency_mhz"] = plain_number(mhz)
        return
    try:
        tuning = parse_channel(record.text("channel"), raster, habits.raster)
    except ValueError:
        if mhz is None:
            raise
        draft.note(f"channel {record.text('channel')!r} left out: the frequency is taken")
        draft.values["frequency_mhz"] = plain_number(mhz)
        return
    draft.note(tuning.note, is_doubt=tuning.is_doubted)
    if tuning.frequency_mhz is not None:
        draft.values["frequency_mhz"] = plain_number(tuning.frequency_mhz)
        return
    if mhz is not None and not agree(tuning, mhz):
        draft.refuse(
            f"channel {tuning.channel} ({tuning.raster}) and {mhz:g} MHz do not agree; correct one"
        )
    draft.values |= {"channel": tuning.channel, "channel_raster": tuning.raster}


def read_service(record: Record, draft: Draft, habits: Habits) -> None:
    """Multiplex: as the row has it, or the one for all rows."""
    text = record.text("multiplex")
    if not text:
        text = habits.multiplex
        if not text:
            draft.refuse("no multiplex; give a column, or --multiplex ID for all rows")
    if habits.services is not None and text and text not in habits.services:
        known = habits.titles.get(fold(text), "")
        if known:
            draft.note(f"multiplex {text!r} -> {known}")
            text = known
        else:
            draft.refuse(
                f"multiplex {text!r} is no service of the scenario{nearest(text, habits.services)}"
            )
    draft.values["multiplex"] = text


def read_switches(record: Record, draft: Draft) -> None:
    """Polarisation, on air or not, offsets."""
    text = record.text("polarisation")
    known = next((name for name, words in _POLARISATIONS.items() if fold(text) in words), "")
    if text and not known:
        draft.refuse(
            f"polarisation {text!r}: give horizontal or vertical (of both, the one that most "
            "aerials are turned for)"
        )
    draft.values["polarisation"] = known
    for name in ("on_air", "precision_offset"):
        text = record.text(name)
        state = next((state for state, words in _STATES.items() if fold(text) in words), "")
        if text and not state:
            heading = record.heading(name)
            draft.refuse(
                f"column {heading!r}: {text!r}; give true or false, or leave the column out with "
                f'--map "{heading}=ignore"'
            )
        draft.values[name] = state
        if state not in {"", text.lower()}:
            draft.note(f"{name.replace('_', ' ')}: {text!r} -> {state}")
    offset = record.text("line_offset")
    named = re.fullmatch(r"(\d+)\s*([PpMm])", offset)
    if named:
        value = int(named[1]) * (1 if named[2] in "pP" else -1)
        draft.note(f"line offset {offset} -> {value}")
        draft.values["line_offset"] = str(value)
    elif offset:
        draft.values["line_offset"] = plain_number(number(offset, "."))


def read_antenna(record: Record, draft: Draft, habits: Habits) -> None:
    """Tilts, delay, and files of patterns, whose paths are made relative to the new table."""
    for name in ("electrical_tilt", "mechanical_tilt", "mechanical_tilt_azimuth"):
        value = measure(record, draft, name, habits.mark, (-360.0, 360.0))
        draft.values[f"{name}_deg"] = "" if value is None else plain_number(value)
    delay = measure(record, draft, "delay", habits.mark, (-10_000.0, 10_000.0))
    draft.values["delay_us"] = "" if delay is None else plain_number(delay)
    for name in ("horizontal_pattern", "vertical_pattern"):
        text = record.text(name)
        if fold(text) in _ALL_ROUND and text:
            draft.note(f"{name.replace('_', ' ')} {text!r}: equal in all directions")
            text = ""
        if text:
            file = (habits.folder / text.replace("\\", "/")).resolve()
            if not file.is_file():
                draft.refuse(f"{name} {text!r}: no such file beside the list; check the path")
            text = Path(os.path.relpath(file, habits.out_folder.resolve())).as_posix()
        draft.values[name] = text
