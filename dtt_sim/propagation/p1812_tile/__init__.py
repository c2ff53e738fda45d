"""The closed form of Rec. ITU-R P.1812-8 over tiles of receivers, as vector loops.

A tile holds up to `LANES` receivers of one transmitter as a structure of arrays: `N_ROW` rows of
`STRIDE` float64, handed over flat. :func:`finish_tile` completes what does not depend on the
frequency (the rest of :func:`dtt_sim.propagation.geometry.analyse`), :func:`tile_losses` is the
closed form (:func:`dtt_sim.propagation.p1812.loss_parts`) for one frequency and polarisation and
any number of time percentages. Equations are as there; where the order of operations differs, the
results agree to 1e-11 dB.

Loops have no branches: both sides are computed and one is selected, so a side's value may be NaN
or meaningless where it is not taken. Powers are kept as natural logarithms. A lane's result
depends neither on other lanes nor on its place. Inputs are finite; NaN is not kept.

Input rows, written by the search over the profile:

=============== ===== ==============================================================================
row             unit  meaning
=============== ===== ==============================================================================
D_KM            km    path length d
STEP_KM         km    spacing of the samples, which stand at i STEP_KM, i = 1..n-1
N_COL           -     n; the last step, from sample n-1 to the receiver, is 0.5 to 1.5 spacings
H_R             m     ground at the receiver, above sea level
AE_KM           km    median effective Earth radius, (7a)
LAT_DEG         deg   latitude of the path centre
N0              N     sea-level surface refractivity
TRANS_HORIZON   0, 1  path type on bare terrain, (79)
TX_SLOPE        m/km  `Slopes.tx`, (77); read if TRANS_HORIZON
RX_SLOPE        m/km  `Slopes.rx`, (82a); read if TRANS_HORIZON
DLT_KM, DLR_KM  km    horizon distances of either path type, (80), (83)
HOBS_M          m     `Slopes.obstruction_m`, (89a)
ALPHA_T         m/km  `Slopes.alpha_t`, (89b); read if HOBS_M > 0
ALPHA_R         m/km  `Slopes.alpha_r`, (89c); read if HOBS_M > 0
COVER_TH_E      0, 1  trans-horizon with clutter over the median Earth: STIM_E >= Str, section 4.3.1
STIM_E, SRIM_E  m/km  steepest slopes with clutter, (13), (17); read if COVER_TH_E
NU_LOS_E        √m    largest ν √λ over the samples, (15); read if not COVER_TH_E
COVER_TH_B ...  -     the same four for the Earth radius of β0 %, `AB_KM`
HST_N, HSR_N    m     smooth-Earth heights at the ends, not limited, (87), (88)
HM_M            m     terrain roughness, (95); any value up to 10 acts as 10
OMEGA           -     fraction of the path over sea, (1)
DTM_KM, DLM_KM  km    longest land and inland sections
DCT_KM, DCR_KM  km    land distance from the ends to the coast; 500 without a coast, 0 at sea
=============== ===== ==============================================================================

Rows of :func:`finish_tile`:

=============== ===== ==============================================================================
NU_E, NU_B      √m    ν √λ of the Bullington construct with clutter
NU_SMOOTH_E, _B √m    the same for the zero profile at the same samples, under H_T, H_R
THETA_T, _R     mrad  horizon elevation angles, (77) to (82a)
THETA           mrad  angular distance, (84), not limited
HSTD, HSRD      m     smooth-Earth heights for diffraction, (90), (91)
HEIGHT_T, _R    m     h't, h'r above them, (37)
HTE, HRE        m     effective heights for ducting, (94)
LN_D            -     ln d
LN_BETA0        -     ln of β0 in %, (5)
LN_BETA         -     ln of β in %, (54)
PER_I_BETA0     -     1 / I(β0), (40a)
GAMMA           -     Γ, (53a)
LBFS_1GHZ       dB    free space at 1 GHz, (8)
ES_PER_LN       dB    Es / ln(p / 50), (9)
FJ, FK          -     (57), (58)
TROPOSCATTER    dB    terms of (44) without frequency and percentage
DUCT_BASE       dB    terms of (47) without frequency: horizon distances and coupling over sea
DUCT_F13        dB    terms of (46) and (48) that go with f^(1/3)
SHIELD_T, _R    -     terms of (48) that go with f^(1/2)
LN_ADFT_E, _B   -     ln of the radius of the first-term method, a or aem of (26), in km
PER_ROOT3_E, _B -     the same radius to the power -1/3
HSE_E, HSE_B    -     hse / hreq at 1 GHz, (23), (25); 0 from the horizon on, (22)
=============== ===== ==============================================================================

Rows whose names end in _E and _B are neighbours, so that one loop serves both Earth radii.

Scratch rows of :func:`finish_tile`: PER_D, PER_STEP (reciprocals), RADIUS_ (a in km), CURVATURE_
(500 / a), ROOT_A_ (sqrt(0.002 a)), POINT_ (b of (24c)), ROOT_T, ROOT_R (square roots of h't and
h'r), AEM_KM ((26)), TAU ((3)). Of :func:`tile_losses`: SPHERE_E, SPHERE_B (first-term loss, (28)), LD50 and LD_CHANGE
(Ld of the median Earth, and that of β0 % less it, (39)), LBA_F (terms of (46) without percentage).
"""
