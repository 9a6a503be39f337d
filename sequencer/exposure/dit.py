"""Which DIT collects a wanted signal from a background that is steady, fading or brightening."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sequencer.exposure.lambert import lambert_w0
from sequencer.figures import apart

CLOSED_FORM_LOSS = 1e5
"""Largest ratio of the closed form's terms to their difference: beyond it more than 5 of 16 digits cancel."""

NEWTON_ITERATIONS = 100
"""Bound of the Newton iteration. At dusk every step covers about tau until the exponential has faded below
the constant, ln(rate/constant) steps at most; then it converges quadratically."""

LARGEST_EXPONENT = 700.0
"""Largest argument given to exp(); 709.8 overflows."""


@dataclass(frozen=True)
class SkyRunsOut:
    """No DIT is long enough: all the light still to come is less than wanted."""

    reason: str


def collected_e(rate_e_s: float, dit_s: float, tau_s: float = math.inf, constant_e_s: float = 0.0) -> float:
    """Electrons collected in a DIT from rate exp(-t/tau) + constant, the rate being that at the opening.

    tau_s > 0: fading (dusk), < 0: brightening (dawn), infinite: steady. Overflow gives infinity.
    """
    changing_e = rate_e_s * _effective_s(dit_s, tau_s) if rate_e_s else 0.0
    return changing_e + constant_e_s * dit_s


def solve_dit(
    target_e: float,
    rate_e_s: float,
    *,
    tau_s: float = math.inf,
    constant_e_s: float = 0.0,
) -> float | SkyRunsOut:
    """The DIT in s that collects `target_e` linearised electrons.

    `rate_e_s` is the background at the opening, without the constant (thermal floor and dark). Steady:
    Q / (f + b). Exponential: -tau ln(1 - Q / (f tau)). Both: the Lambert W form tau (K + W0(c e^-K)),
    K = (Q - A) / (b tau), c = A / (b tau), A = f tau; Newton on the integral where that overflows or cancels.
    Returns SkyRunsOut where no DIT does. Raises ValueError for a target not above 0, negative rates, tau of 0,
    or NaN.
    """
    _check(target_e, rate_e_s, tau_s, constant_e_s)
    if math.isinf(tau_s) or rate_e_s == 0.0:
        total = rate_e_s + constant_e_s
        return target_e / total if total > 0.0 else SkyRunsOut("there is no light")
    if constant_e_s == 0.0:
        return exponential_dit(target_e, rate_e_s, tau_s)
    closed = exponential_constant_dit(target_e, rate_e_s, tau_s, constant_e_s)
    return newton_dit(target_e, rate_e_s, tau_s, constant_e_s) if closed is None else closed


def exponential_dit(target_e: float, rate_e_s: float, tau_s: float) -> float | SkyRunsOut:
    """DIT for a purely exponential background; at dusk SkyRunsOut unless target < rate x tau."""
    share = target_e / (rate_e_s * tau_s)
    if share >= 1.0:
        reachable = rate_e_s * tau_s
        return SkyRunsOut("only {} e- are still to come, {} are wanted".format(*apart(reachable, target_e, "4g", "4g")))
    return -tau_s * math.log1p(-share)


def exponential_constant_dit(
    target_e: float, rate_e_s: float, tau_s: float, constant_e_s: float
) -> float | None:
    """DIT for exponential plus constant by Lambert W; None where the form overflows or loses its digits."""
    floor_e = constant_e_s * tau_s
    k = target_e / floor_e - rate_e_s / constant_e_s
    if not abs(k) < LARGEST_EXPONENT:
        return None
    argument = rate_e_s / constant_e_s * math.exp(-k)
    if not argument < math.inf:
        return None
    dit_s = tau_s * (k + lambert_w0(argument))
    return dit_s if abs(k * tau_s) < CLOSED_FORM_LOSS * dit_s else None


def newton_dit(target_e: float, rate_e_s: float, tau_s: float, constant_e_s: float) -> float:
    """DIT for exponential plus constant (> 0) by Newton on the integral.

    At dusk the integral is concave and the start, the DIT at the opening rates, too short; at dawn it is
    convex and the start, the shorter of the DITs either part needs alone, too long: both converge from one
    side.
    """
    dit_s = target_e / (rate_e_s + constant_e_s)
    if tau_s < 0.0:
        dit_s = min(-tau_s * math.log1p(-target_e / (rate_e_s * tau_s)), target_e / constant_e_s)
    for _ in range(NEWTON_ITERATIONS):
        excess = collected_e(rate_e_s, dit_s, tau_s, constant_e_s) - target_e
        step = excess / (rate_e_s * math.exp(-dit_s / tau_s) + constant_e_s)
        dit_s -= step
        if abs(step) <= 1e-14 * dit_s:
            break
    return dit_s


def _effective_s(dit_s: float, tau_s: float) -> float:
    """tau (1 - exp(-dit/tau)): the DIT at the opening rate that would collect as much."""
    if math.isinf(tau_s):
        return dit_s
    exponent = -dit_s / tau_s
    return -tau_s * math.expm1(exponent) if exponent < LARGEST_EXPONENT else math.inf


def _check(target_e: float, rate_e_s: float, tau_s: float, constant_e_s: float) -> None:
    if not 0.0 < target_e < math.inf:
        raise ValueError(f"target {target_e} e- is not above 0")
    if not (0.0 <= rate_e_s < math.inf and 0.0 <= constant_e_s < math.inf):
        raise ValueError(f"rates must not be negative: {rate_e_s} and {constant_e_s} e-/s")
    if tau_s == 0.0 or math.isnan(tau_s):
        raise ValueError(f"tau must not be {tau_s} s")
