"""``dtt-sim dvbt2``: what a DVB-T2 mode carries and needs, and which modes suit a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from dtt_sim.network.bit_rate import BitRate, L1Modulation
    from dtt_sim.network.dvbt2 import Mode
    from dtt_sim.network.programmes import Figure, Programmes
    from dtt_sim.network.reception import LinkBudget, Reception
    from dtt_sim.network.suggest import Candidate, NearestMiss, Suggestion

Function = TypeVar("Function", bound=Callable[..., object])

_MODE_OPTIONS = ("--fft", "--guard", "--pilot", "--modulation", "--code-rate")
_EXAMPLES = """Examples:

\b
dtt-sim dvbt2 --fft 32K --guard 1/8 --pilot PP2 --modulation 64QAM --code-rate 3/4
dtt-sim dvbt2 suggest --network-km 125 --min-rate 27
"""


class InputError(click.ClickException):
    """Values that do not go together or that nothing has."""

    exit_code = 2


@contextmanager
def _told_plainly() -> Iterator[None]:
    """End with the message of a check instead of its traceback."""
    try:
        yield
    except ValueError as error:
        raise InputError(str(error)) from error


def _common_options(function: Function) -> Function:
    """Options of a mode's surroundings, the same for one mode and for a search."""
    for option in reversed(
        (
            click.option("--bandwidth", type=float, default=8.0, show_default=True, metavar="MHZ"),
            click.option(
                "--fec", type=int, default=64800, show_default=True, metavar="64800|16200",
                help="Bits of an error correction frame.",
            ),
            click.option(
                "--reception",
                type=click.Choice(["fixed", "portable_outdoor", "portable_indoor", "mobile"]),
                default="fixed", show_default=True,
            ),
            click.option(
                "--height-loss", type=click.Choice(["suburban", "urban"]),
                help="From 10 m to the receiver at 1.5 m [suburban; none for fixed].",
            ),
            click.option(
                "--frequency", type=float, default=650.0, show_default=True, metavar="MHZ"
            ),
            click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
        )
    ):  # fmt: skip
        function = option(function)
    return function


@click.group(invoke_without_command=True, epilog=_EXAMPLES)
@click.option("--fft", metavar="SIZE", help="1K to 32K.")
@click.option("--guard", metavar="FRACTION", help="Guard interval, 1/128 to 1/4.")
@click.option("--pilot", metavar="PATTERN", help="PP1 to PP8.")
@click.option("--modulation", metavar="NAME", help="QPSK, 16QAM, 64QAM, 256QAM.")
@click.option("--code-rate", metavar="FRACTION", help="1/2 to 5/6.")
@click.option("--extended", is_flag=True, help="Extended carriers: 8K, 16K, 32K.")
@click.option("--miso", is_flag=True, help="Two transmitter groups.")
@click.option("--rotated", is_flag=True, help="Rotated constellation; changes no figure here.")
@click.option("--frame-symbols", type=int, help="P2 and data symbols [as fit into 250 ms].")
@click.option("--blocks", type=int, help="Error correction frames in a T2 frame [as fit].")
@click.option("--l1", default="64QAM", show_default=True, metavar="BPSK|QPSK|16QAM|64QAM")
@click.option("--tone-reservation", is_flag=True, help="Cells set aside to lower peaks.")
@click.option("--sd-mpeg4", type=float, metavar="MBPS", help="Rate of a programme, SD in MPEG-4.")
@click.option("--hd-mpeg4", type=float, metavar="MBPS", help="HD in MPEG-4.")
@click.option("--sd-hevc", type=float, metavar="MBPS", help="SD in HEVC.")
@click.option("--hd-hevc", type=float, metavar="MBPS", help="HD in HEVC.")
@click.option(
    "--reserved", type=float, metavar="PERCENT", help="For signalling (PSI, SI), guide, stuffing."
)
@_common_options
@click.pass_context
def dvbt2(
    ctx: click.Context,
    *,
    fft: str | None,
    guard: str | None,
    pilot: str | None,
    modulation: str | None,
    code_rate: str | None,
    extended: bool,
    miso: bool,
    rotated: bool,
    frame_symbols: int | None,
    blocks: int | None,
    l1: str,
    tone_reservation: bool,
    sd_mpeg4: float | None,
    hd_mpeg4: float | None,
    sd_hevc: float | None,
    hd_hevc: float | None,
    reserved: float | None,
    bandwidth: float,
    fec: int,
    reception: str,
    height_loss: str | None,
    frequency: float,
    as_json: bool,
) -> None:
    """Show what a DVB-T2 mode carries and needs, or suggest modes for a network."""
    if ctx.invoked_subcommand is not None:
        _refuse_options_before(ctx, ctx.invoked_subcommand)
        return
    parts = (fft, guard, pilot, modulation, code_rate)
    missing = [name for name, part in zip(_MODE_OPTIONS, parts, strict=True) if part is None]
    if missing:
        msg = f"missing {', '.join(missing)}: a mode needs all of {', '.join(_MODE_OPTIONS)}"
        raise click.UsageError(msg)

    from dtt_sim.network.bit_rate import bit_rate
    from dtt_sim.network.dvbt2 import Mode
    from dtt_sim.network.programmes import GIVEN, figure, programmes_that_fit
    from dtt_sim.network.reception import link_budget

    rates = {"sd_mpeg4": sd_mpeg4, "hd_mpeg4": hd_mpeg4, "sd_hevc": sd_hevc, "hd_hevc": hd_hevc}
    given = {kind: rate for kind, rate in rates.items() if rate is not None}
    with _told_plainly():
        mode = Mode(
            *cast("tuple[str, str, str, str, str]", parts), extended, bandwidth, fec, rotated, miso
        )
        rate = bit_rate(
            mode,
            frame_symbols=frame_symbols,
            n_blocks=blocks,
            l1_modulation=cast("L1Modulation", l1),
            tone_reservation=tone_reservation,
        )
        receiver = _receiver(reception, height_loss)
        budget = link_budget(mode, receiver, frequency)
        fit = programmes_that_fit(rate.high_efficiency_mbps, given, reserved)
    share = figure("reserved_percent")
    if reserved is not None:
        share = share._replace(value=reserved, source="given", confidence=GIVEN)
    if as_json:
        _print_json(
            {
                **_mode_values(mode, rate, budget),
                **_reception_values(receiver, frequency),
                "reserved_percent": share.value,
                "programmes": [asdict(row) for row in fit],
            }
        )
        return
    for name, text in (*_mode_lines(mode, rate), *_field_lines(budget, receiver, frequency)):
        click.echo(f"{name:<28}{text}")
    click.echo(f"{'confidence':<28}{_confidence(rate, budget)}")
    _print_programmes(fit, share)


@dvbt2.command(short_help="Rank the modes that suit a network.")
@click.option(
    "--network-km", type=float, required=True, help="Largest difference in path length [km]."
)
@click.option("--min-rate", type=float, required=True, help="Least high-efficiency rate [Mbit/s].")
@click.option("--fft", metavar="SIZE", help="Only this FFT size.")
@click.option(
    "--extended/--no-extended", default=None, help="Only with, without, extended carriers."
)
@click.option("--miso", is_flag=True, help="Also modes for two transmitter groups.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Rows.")
@_common_options
@click.pass_context
def suggest(
    ctx: click.Context,
    *,
    network_km: float,
    min_rate: float,
    fft: str | None,
    extended: bool | None,
    miso: bool,
    limit: int,
    bandwidth: float,
    fec: int,
    reception: str,
    height_loss: str | None,
    frequency: float,
    as_json: bool,
) -> None:
    """Rank the modes that span a distance and carry a rate by the field strength that they need.

    Exit status 1 where no mode does; what comes nearest is printed then.
    """
    from dtt_sim.network import suggest as search

    with _told_plainly():
        receiver = _receiver(reception, height_loss)
        demand = search.Demand(
            network_km, min_rate, receiver, frequency, bandwidth, fft, extended, miso, fec
        )
    found = search.suggest(demand)
    miss = None if found else search.nearest_miss(demand)
    if as_json:
        rows = [_mode_values(row.mode, row.rate, row.budget) for row in found[:limit]]
        _print_json(
            {
                **_reception_values(receiver, frequency),
                "count": len(found),
                "modes": rows,
                "nearest_miss": _miss_values(miss),
            }
        )
    elif miss is None:
        _print_suggestions(found, limit, receiver, frequency)
    else:
        _print_miss(miss)
    if miss is not None:
        ctx.exit(1)


def _refuse_options_before(ctx: click.Context, command: str) -> None:
    """Options before a command's name would be lost without a word."""
    for parameter in ctx.command.params:
        if ctx.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE:
            msg = f"{parameter.opts[0]} before {command} has no effect; put it behind {command}"
            raise click.UsageError(msg)


def _receiver(reception: str, height_loss: str | None) -> Reception:
    """Way of receiving, at 10 m with the loss down to 1.5 m for all but fixed reception."""
    from dtt_sim.network.reception import Reception

    loss = height_loss or ("none" if reception == "fixed" else "suburban")
    return Reception(cast("Any", reception), height_loss=cast("Any", loss))


def _mode_lines(mode: Mode, rate: BitRate) -> list[tuple[str, str]]:
    return [
        ("mode", str(mode) + (" rotated" if mode.rotated else "")),
        ("useful symbol", f"{mode.useful_symbol_us:.7g} µs"),
        ("guard interval", f"{mode.guard_us:.7g} µs, {mode.guard_km:.1f} km"),
        ("symbol", f"{mode.symbol_us:.7g} µs"),
        ("frame", f"{rate.frame_ms:.3f} ms"),
        ("symbols in a frame", f"{rate.frame_symbols} (P2 and data), and P1"),
        ("FEC blocks in a frame", f"{rate.n_blocks}"),
        ("dummy cells", f"{rate.dummy_cells}"),
        ("bit rate, normal", f"{rate.normal_mbps:.4f} Mbit/s"),
        ("bit rate, high efficiency", f"{rate.high_efficiency_mbps:.4f} Mbit/s"),
        ("Nyquist time", f"{mode.nyquist_us:.2f} µs"),
        ("equalisation interval", f"{mode.equalisation_us:.2f} µs, {mode.equalisation_km:.1f} km"),
    ]


def _field_lines(
    budget: LinkBudget, receiver: Reception, frequency_mhz: float
) -> list[tuple[str, str]]:
    fields = [
        (f"Emed, {percent:g} % of locations", f"{budget.e_med_dbuv_m(percent):.2f} dB(µV/m)")
        for percent in _targets(budget)
    ]
    return [
        ("reception", _reception_text(receiver, frequency_mhz)),
        ("required C/N", f"{budget.cn_db:.1f} dB"),
        ("minimum field Emin", f"{budget.e_min_dbuv_m:.2f} dB(µV/m)"),
        *fields,
    ]


def _targets(budget: LinkBudget) -> tuple[float, float]:
    return budget.acceptable_location_percent, budget.good_location_percent


def _reception_text(receiver: Reception, frequency_mhz: float) -> str:
    loss = f", {receiver.height_loss} height loss" if receiver.has_height_loss else ""
    motion = ", no margin for motion" if receiver.reception == "mobile" else ""
    return f"{receiver.reception}, {frequency_mhz:g} MHz{loss}{motion}"


def _confidence(rate: BitRate, budget: LinkBudget) -> str:
    unsure = ", ".join(f"{line.name} {line.confidence}" for line in budget.assumptions)
    return f"bit rate {rate.confidence}; field strength: {unsure or 'VERIFIED'}"


def _print_programmes(fit: Sequence[Programmes], share: Figure) -> None:
    from dtt_sim.network.programmes import KINDS

    click.echo(f"\nprogrammes of one kind, {share.value:g} % reserved ({share.confidence})")
    for row in fit:
        at = f"at {row.rate_mbps:g} Mbit/s ({row.confidence})"
        click.echo(f"{KINDS[row.kind]:<28}{row.count:<5}{at:<28}spare {row.spare_mbps:.2f} Mbit/s")


def _print_suggestions(
    found: Sequence[Suggestion], limit: int, receiver: Reception, frequency_mhz: float
) -> None:
    low, good = _targets(found[0].budget)
    head = ("mode", "guard km", "Mbit/s", "C/N dB", "Emin", f"Emed {low:g}%", f"Emed {good:g}%", "")
    rows = [
        (
            str(row.mode),
            f"{row.mode.guard_km:.1f}",
            f"{row.rate.high_efficiency_mbps:.4f}",
            f"{row.budget.cn_db:.1f}",
            f"{row.budget.e_min_dbuv_m:.2f}",
            f"{row.budget.e_med_dbuv_m(low):.2f}",
            f"{row.required_dbuv_m:.2f}",
            row.rate.confidence,
        )
        for row in found[:limit]
    ]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    click.echo(f"{_reception_text(receiver, frequency_mhz)}; fields in dB(µV/m)\n")
    for cells in (head, *rows):
        first, *others = (
            cell.ljust(width) if k in {0, len(head) - 1} else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        click.echo("  ".join([first, *others]).rstrip())
    if len(found) > limit:
        click.echo(f"\n{limit} of {len(found)} modes; --limit {len(found)} shows all")


def _print_miss(miss: NearestMiss) -> None:
    km, mbps = miss.demand.network_km, miss.demand.min_rate_mbps
    click.echo(f"no mode spans {km:g} km and carries {mbps:g} Mbit/s")
    if miss.best_rate is None:
        click.echo(f"no guard interval spans {km:g} km; the longest: {_short(miss.longest_guard)}")
    else:
        click.echo(f"best rate for {km:g} km: {_short(miss.best_rate)}")
    if miss.longest is None:
        click.echo(f"no mode carries {mbps:g} Mbit/s; the highest: {_short(miss.highest_rate)}")
    else:
        click.echo(f"longest distance for {mbps:g} Mbit/s: {_short(miss.longest)}")
    click.echo(
        {
            "rate": f"nearest miss: the rate, {miss.rate_share:.1%} of what is demanded",
            "distance": f"nearest miss: the distance, {miss.distance_share:.1%} of what is demanded",
            "both": "neither demand can be met by itself; lower both",
        }[miss.nearest]
    )


def _short(candidate: Candidate) -> str:
    rate, mode = candidate.rate.high_efficiency_mbps, candidate.mode
    return f"{rate:.4f} Mbit/s, {mode.guard_km:.1f} km ({mode})"


def _reception_values(receiver: Reception, frequency_mhz: float) -> dict[str, Any]:
    return {
        "reception": receiver.reception,
        "height_loss": receiver.height_loss,
        "frequency_mhz": frequency_mhz,
    }


def _mode_values(mode: Mode, rate: BitRate, budget: LinkBudget) -> dict[str, Any]:
    low, good = _targets(budget)
    return {
        "mode": str(mode),
        **asdict(mode),
        "useful_symbol_us": mode.useful_symbol_us,
        "symbol_us": mode.symbol_us,
        "guard_us": mode.guard_us,
        "guard_km": mode.guard_km,
        "nyquist_us": mode.nyquist_us,
        "equalisation_us": mode.equalisation_us,
        "equalisation_km": mode.equalisation_km,
        "bit_rate": asdict(rate),
        "cn_db": budget.cn_db,
        "e_min_dbuv_m": budget.e_min_dbuv_m,
        "e_med_dbuv_m": {f"{percent:g}": budget.e_med_dbuv_m(percent) for percent in (low, good)},
        "assumptions": [
            {"name": line.name, "value": line.value, "unit": line.unit, "source": line.source,
             "confidence": line.confidence}
            for line in budget.assumptions
        ],
    }  # fmt: skip


def _miss_values(miss: NearestMiss | None) -> dict[str, Any] | None:
    if miss is None:
        return None

    def values(candidate: Candidate | None) -> dict[str, Any] | None:
        if candidate is None:
            return None
        return {
            "mode": str(candidate.mode),
            "guard_km": candidate.mode.guard_km,
            "high_efficiency_mbps": candidate.rate.high_efficiency_mbps,
        }

    return {
        "nearest": miss.nearest,
        "best_rate": values(miss.best_rate),
        "longest": values(miss.longest),
        "highest_rate": values(miss.highest_rate),
        "longest_guard": values(miss.longest_guard),
    }


def _print_json(value: dict[str, Any]) -> None:
    import json

    click.echo(json.dumps(value, indent=1, ensure_ascii=False))
