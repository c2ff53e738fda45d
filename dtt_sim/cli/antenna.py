"""``dtt-sim antenna``: look at antenna files, convert them, build arrays."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtt_sim.antenna.formats.record import AntennaRecord

_FORMATS = ("msi", "nsma", "cloudrf", "edx", "radio_mobile", "splat", "itu", "csv")


def _reading(function: Callable[..., None]) -> Callable[..., None]:
    """Options about how a file is read."""
    for option in (
        click.option(
            "--polarisation",
            type=click.Choice(["horizontal", "vertical"]),
            default=None,
            help="Of a file that has cuts for both.",
        ),
        click.option(
            "--vertical-zero",
            type=click.FloatRange(-360.0, 360.0),
            default=0.0,
            metavar="DEG",
            help="Angle of the file's vertical cut that points to the horizon in front.",
        ),
    ):
        function = option(function)
    return function


@click.group()
def antenna() -> None:
    """Look at antenna files of any format, convert them, build arrays of panels."""


@antenna.command()
@click.argument("file")
@_reading
@click.option("--out", type=click.Path(path_type=Path), help="PNG to draw it into.")
@click.option("--json", "as_json", is_flag=True, help="Print facts and cuts as JSON.")
def show(
    file: str, vertical_zero: float, polarisation: str | None, out: Path | None, *, as_json: bool
) -> None:
    """Say what an antenna FILE is, and draw it.

    FILE is a pattern file of any known format, or a standard antenna such as cardioid; with
    @BEARING behind it it is turned: panel.msi@120.
    """
    import json

    from dtt_sim.report.antenna import antenna_dict, antenna_lines, draw_antenna

    record = _read(file, vertical_zero, polarisation)
    if as_json:
        click.echo(json.dumps(antenna_dict(record), indent=1, ensure_ascii=False))
    else:
        click.echo("\n".join(antenna_lines(record)))
    if out is not None:
        draw_antenna(record, out)
        click.echo(f"written: {out}", err=as_json)


@antenna.command()
@click.argument("file")
@click.option("--to", "key", type=click.Choice(_FORMATS), required=True, help="Format to write.")
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="File to write.")
@_reading
def convert(file: str, key: str, out: Path, vertical_zero: float, polarisation: str | None) -> None:
    """Write an antenna FILE in another format, and say what that format cannot hold.

    SPLAT! has a file per cut: OUT with .az and with .el.
    """
    _write(_read(file, vertical_zero, polarisation), key, out, of=file)


@antenna.command()
@click.argument("element")
@click.option(
    "--panel",
    "panels",
    multiple=True,
    required=True,
    metavar="BEARING[:SHARE[:PHASE[:OFFSET]]]",
    help="A panel: bearing [deg], share of the power, phase [deg], offset from the axis [m].",
)
@click.option("--how", type=click.Choice(["field", "power"]), default="field", show_default=True)
@click.option("--frequency", type=float, metavar="MHZ", help="For offsets of panels.")
@click.option("--to", "key", type=click.Choice(_FORMATS), default="csv", show_default=True)
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="File to write.")
def array(
    element: str, panels: tuple[str, ...], how: Any, frequency: float | None, key: str, out: Path
) -> None:
    """Combine panels round a mast to one antenna; ELEMENT is the panel, facing north.

    "field" adds fields by geometry and phase, "power" adds powers. ELEMENT is a file or a standard
    antenna, such as panel_4bay.
    """
    import dataclasses

    from dtt_sim.antenna.arrays import combine_horizontal
    from dtt_sim.errors import DttSimError

    one = _read(element, 0.0, None)
    if one.horizontal is None:
        msg = f"{element}: no horizontal cut, so that panels of it make none; choose another"
        raise DttSimError(msg)
    try:
        around, gain = combine_horizontal(
            one.horizontal, [_panel(text) for text in panels], how=how, frequency_mhz=frequency
        )
    except ValueError as error:
        raise DttSimError(str(error)) from error
    whole = dataclasses.replace(
        one,
        horizontal=around,
        gain_dbd=None if one.gain_dbd is None else one.gain_dbd + gain,
        name=f"{len(panels)} x {one.name or 'panel'}",
        frequency_mhz=one.frequency_mhz or (frequency and (frequency, frequency)) or None,
        format="",
        notes=(),
    )
    click.echo(f"{len(panels)} panels, {how}s added: {gain:+.2f} dB over one panel")
    _write(whole, key, out, of="")


@antenna.command()
def formats() -> None:
    """List the formats that are read, and the standard antennas."""
    from dtt_sim.antenna.formats.registry import FORMATS
    from dtt_sim.antenna.standard import STANDARDS

    click.echo("formats")
    for key, one in FORMATS.items():
        checked = (
            f"checked against {one.checked}" if one.checked else "UNVERIFIED, no real file found"
        )
        click.echo(f"  {key:<13} {', '.join(one.extensions):<19} {one.title}")
        click.echo(f"  {'':<33} {checked}; after {one.basis}")
    click.echo("standard antennas, NAME or NAME@BEARING")
    for name, standard in STANDARDS.items():
        click.echo(f"  {name:<18} {standard.text}")


def _read(text: str, vertical_zero: float, polarisation: str | None) -> AntennaRecord:
    from dtt_sim.antenna.pattern_files import named_antenna

    return named_antenna(
        text, Path(), vertical_zero_deg=vertical_zero, polarisation=polarisation or ""
    )


def _write(record: AntennaRecord, key: str, out: Path, of: str) -> None:
    from dtt_sim.errors import DttSimError
    from dtt_sim.workflow.antennas import write_antenna, written_paths

    read = [Path(name) for name in (of, of.rpartition("@")[0]) if name and Path(name).exists()]
    for path in written_paths(record, key, out):
        if path.exists() and any(path.samefile(one) for one in read):
            msg = f"{path}: is the file that is read; choose another -o"
            raise DttSimError(msg)
    paths, losses = write_antenna(record, key, out)
    for note in record.notes:
        click.echo(f"assumed  {note}")
    for loss in losses:
        click.echo(f"lost     {loss}")
    click.echo(f"written: {', '.join(str(path) for path in paths)}")


def _panel(text: str) -> Any:
    from dtt_sim.antenna.arrays import Panel
    from dtt_sim.errors import DttSimError

    cells = text.split(":")
    try:
        numbers = [float(cell) for cell in cells]
    except ValueError:
        numbers = []
    if not 1 <= len(numbers) <= 4:
        msg = f"--panel {text!r}; give BEARING, or BEARING:SHARE, :PHASE, :OFFSET, as numbers"
        raise DttSimError(msg)
    return Panel(*numbers)
