"""Free-space basic transmission loss and field strength. Rec. ITU-R P.1812-8, sections 4.2 and 4.10."""

from __future__ import annotations

import math

from dtt_sim._jit import kernel


@kernel
def free_space_loss_db(slant_km: float, f_ghz: float) -> float:
    """Free-space basic transmission loss Lbfs [dB]; `slant_km` is the distance in space [km].

    Rec. ITU-R P.1812-8 eq. (8).

    >>> round(free_space_loss_db(1.0, 1.0), 3)
    92.4
    """
    return 92.4 + 20.0 * math.log10(f_ghz) + 20.0 * math.log10(slant_km)


@kernel
def field_strength_dbuv_m(lb_db: float, f_ghz: float) -> float:
    """Field strength for 1 kW ERP [dB(µV/m)] at basic transmission loss `lb_db` [dB].

    Exceeded for the percentages of time and locations for which the loss is not exceeded.
    Rec. ITU-R P.1812-8 eq. (70); 199.36 holds the half-wave dipole's 2.15 dB.

    >>> round(field_strength_dbuv_m(free_space_loss_db(1.0, 0.6), 0.6), 2)
    106.96
    """
    return 199.36 + 20.0 * math.log10(f_ghz) - lb_db
