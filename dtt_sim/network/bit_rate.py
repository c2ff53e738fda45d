"""Useful bit rate of a DVB-T2 mode, cell by cell.

ETSI EN 302 755 v1.4.1: one physical layer pipe, no future extension frames, transport stream
without ISSY. Whole forward error correction frames only: the cells left over carry nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from dtt_sim.network.dvbt2 import Mode, fft_parameters
from dtt_sim.tables import table

BBHEADER_BITS = 80
L1_PRE_CELLS = 1840
L1_CONFIGURABLE_BITS = 350
"""Signalling of one pipe [bit]."""

_L1_BITS_PER_CELL = {"BPSK": 1, "QPSK": 2, "16QAM": 4, "64QAM": 6}
L1Modulation = Literal["BPSK", "QPSK", "16QAM", "64QAM"]
HIGH_EFFICIENCY_GAIN = Fraction(188, 187)
"""High efficiency mode does not send the sync byte of a packet."""


@dataclass(frozen=True, slots=True)
class BitRate:
    """What a T2 frame carries.

    Attributes
    ----------
    frame_symbols : int
        P2 and data symbols of the frame, P1 not counted.
    frame_ms : float
        Duration, P1 included [ms].
    n_blocks : int
        Forward error correction frames in it.
    frame_cells, signalling_cells, dummy_cells : int
        Data cells of the frame, those that L1 signalling takes, those that carry nothing.
    normal_mbps, high_efficiency_mbps : float
        Transport stream rate in normal and high efficiency mode [Mbit/s].
    confidence : str
        VERIFIED, SINGLE or RECALL: the weakest of the tables that went in.
    """

    frame_symbols: int
    frame_ms: float
    n_blocks: int
    frame_cells: int
    signalling_cells: int
    dummy_cells: int
    normal_mbps: float
    high_efficiency_mbps: float
    confidence: str


def bit_rate(
    mode: Mode,
    *,
    frame_symbols: int | None = None,
    n_blocks: int | None = None,
    l1_modulation: L1Modulation = "64QAM",
    tone_reservation: bool = False,
) -> BitRate:
    """Useful bit rate of a mode.

    Parameters
    ----------
    mode : Mode
    frame_symbols : int, optional
        P2 and data symbols of the frame; by default the most that fit into 250 ms.
    n_blocks : int, optional
        Forward error correction frames; by default as many as fit.
    l1_modulation : {"BPSK", "QPSK", "16QAM", "64QAM"}
        Of the L1-post signalling.
    tone_reservation : bool
        Cells set aside to lower the peaks of the signal.

    Raises
    ------
    ValueError
        A frame length that is not allowed, or more blocks than fit.

    Examples
    --------
    >>> mode = Mode("32K", "1/128", "PP7", "256QAM", "2/3", extended_carriers=True)
    >>> round(bit_rate(mode, frame_symbols=60).high_efficiency_mbps, 4)
    40.2146
    """
    if l1_modulation not in _L1_BITS_PER_CELL:
        msg = f"l1_modulation {l1_modulation!r}; use one of {', '.join(_L1_BITS_PER_CELL)}"
        raise ValueError(msg)
    symbols = mode.max_frame_symbols if frame_symbols is None else frame_symbols
    frame_us = mode.frame_exact_us(symbols)
    cells, confidence = _frame_cells(mode, symbols, tone_reservation=tone_reservation)
    signalling = _signalling_cells(mode, l1_modulation)
    per_block = _cells_per_block(mode)
    most = (cells - signalling) // per_block
    blocks = most if n_blocks is None else n_blocks
    if not 1 <= blocks <= most:
        msg = f"n_blocks = {blocks} with {mode}, {symbols} symbols; use 1 to {most}"
        raise ValueError(msg)
    normal = blocks * (_payload_bits(mode) - BBHEADER_BITS) / frame_us
    return BitRate(
        symbols,
        float(frame_us / 1000),
        blocks,
        cells,
        signalling,
        cells - signalling - blocks * per_block,
        float(normal),
        float(normal * HIGH_EFFICIENCY_GAIN),
        confidence,
    )


def _frame_cells(mode: Mode, symbols: int, *, tone_reservation: bool) -> tuple[int, str]:
    """Data cells of a frame: P2, data and frame-closing symbols."""
    fft = fft_parameters(mode.fft)
    carrier_mode = "extended" if mode.extended_carriers else "normal"
    row = next(
        r
        for r in table("dvbt2_cdata")
        if (r["fft"], r["carrier_mode"], r["pp"]) == (mode.fft, carrier_mode, mode.pilot_pattern)
    )
    reserved = int(fft["N_TR_reserved_tones"]) if tone_reservation else 0
    n_p2 = int(fft["N_P2"])
    n_data = symbols - n_p2
    p2_cells = n_p2 * int(fft["C_P2_MISO" if mode.miso else "C_P2_SISO"])
    cells = p2_cells + n_data * (int(row["C_data"]) - reserved)
    if mode.has_frame_closing_symbol:
        # Its pilots are denser: it takes the place of the last data symbol.
        cells += int(row["C_FC"]) - int(row["C_data"])
    order = ("RECALL", "SINGLE", "VERIFIED")
    return cells, min(mode.confidence, row["confidence"], key=order.index)


def _signalling_cells(mode: Mode, l1_modulation: str) -> int:
    """Cells of L1-pre and of L1-post with one pipe, shortened and punctured."""
    per_cell = _L1_BITS_PER_CELL[l1_modulation]
    n_p2 = int(fft_parameters(mode.fft)["N_P2"])
    punctured = 6 * (7032 - L1_CONFIGURABLE_BITS) // 5
    bits = L1_CONFIGURABLE_BITS + 168 + 9000 - punctured
    step = 2 * per_cell if n_p2 == 1 else per_cell * n_p2
    return L1_PRE_CELLS + -(-bits // step) * step // per_cell


def _cells_per_block(mode: Mode) -> int:
    row = next(r for r in table("dvbt2_cells_per_fec") if r["modulation"] == mode.modulation)
    return int(row[f"cells_{mode.fec_length}"])


def _payload_bits(mode: Mode) -> int:
    """Bits of a block before error correction, K_bch."""
    return next(
        int(row["K_bch"])
        for row in table("dvbt2_kbch")
        if (int(row["N_ldpc"]), row["code_rate"]) == (mode.fec_length, mode.code_rate)
    )
