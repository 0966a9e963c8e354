"""Gradient flow of the reduced model on half the approximate loss [icl-5.1] to [icl-5.6].

    dmu/dt    = omega - A mu,                    A = omega omega' + c E,  E = exp(d omega omega')
    domega/dt = mu - (mu.omega) mu - d c [E o (mu mu')] omega,            o entrywise

mu and omega first pull each other's sign and grow like e^t while sum mu -> 0; then the |omega_h|
become equal and shrink while mu grows along the valley 2 gamma mu ~ eta*.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from theory.icl_regression.reduced import Heads
from theory.icl_regression.setting import Setting, Values

Path = tuple[Float[Array, "time head"], Float[Array, "time head"]]


def descent(omega: Heads, mu: Heads, setting: Setting) -> tuple[Heads, Heads]:
    """(domega/dt, dmu/dt), minus the gradient of Lt/2 [icl-5.1]."""
    kernel = jnp.exp(setting.dimension * omega[:, None] * omega)
    overlap = mu @ omega
    weighted = (kernel * (mu[:, None] * mu)) @ omega
    along_omega = mu - overlap * mu - setting.dimension * setting.c * weighted
    along_mu = omega - overlap * omega - setting.c * kernel @ mu
    return along_omega, along_mu


def balance_rate(omega: Heads, mu: Heads, setting: Setting, terms: int = 60) -> Values:
    """(1/2) d/dt (|mu|^2 - |omega|^2) = c sum_{k>=0} (k - 1) d^k/k! (mu.omega^k)^2.

    From mu.dmu - omega.domega [icl-5.2]: the signal terms cancel and c [d omega'(E o mu mu') omega
    - mu'E mu] remains, whose series has this form. Positive once sum mu = 0: mu must rise, omega
    fall.
    """
    orders = jnp.arange(terms + 1, dtype=omega.dtype)
    overlaps = jnp.power(omega[None, :], orders[:, None].astype(int)) @ mu
    logs = orders * jnp.log(setting.dimension) - jax.scipy.special.gammaln(orders + 1)
    return setting.c * jnp.sum((orders - 1) * jnp.exp(logs) * overlaps**2)


def gradient_flow(omega: Heads, mu: Heads, times: Float[Array, " time"], setting: Setting) -> Path:
    """(omega, mu) at `times` along the exact flow from the given start at time 0 [icl-5.1].

    Call it in float64.
    """
    return _solve(_plain, (omega, mu), times, setting)


def factorised_flow(
    omega: Heads,
    mu: Heads,
    kq_rate: Heads,
    ov_rate: Heads,
    times: Float[Array, " time"],
    setting: Setting,
) -> Path:
    """(omega, mu) as gradient flow on Q, K, V and O moves them, on the whole of Lt [icl-5.6].

    With KQ = K'Q/sqrt(e) and gradient G with respect to it, dK/dt = -Q G'/sqrt(e) and dQ/dt =
    -K G/sqrt(e), so dKQ/dt = -(K'K G + G Q'Q)/e. Where KQ = omega I and G = (dLt/domega/d) I on
    covariates, the mean diagonal s of K'K + Q'Q gives

        domega/dt = -(s/(e d)) dLt/domega,    ds/dt = -4 omega dLt/domega/d,

    so that s^2 - 4 e omega^2 is conserved. Likewise mu = O.v with v the label column of V, r =
    |O|^2 + |v|^2: dmu/dt = -r dLt/dmu, and r^2 - 4 mu^2 is conserved. SGD of rate a follows this
    with time = a * step; the mu of a head moves faster than its omega by the factor e d r/s.

    Args:
        kq_rate: s of each head at the start.
        ov_rate: r of each head at the start.
    """
    width = setting.dimension + 1
    kept = kq_rate**2 - 4 * width * omega**2, ov_rate**2 - 4 * mu**2
    return _solve(_factorised, (omega, mu), times, (kept, setting))


def gradient_descent(omega: Heads, mu: Heads, rate: Values, steps: int, setting: Setting) -> Path:
    """(omega, mu) after 0 .. steps steps of plain gradient descent on Lt/2 [icl-5.3].

    Its time, to be held against the flow's, is rate * step.
    """

    def step(state: tuple[Heads, Heads], _: None) -> tuple[tuple[Heads, Heads], tuple]:
        change = descent(*state, setting)
        new = jax.tree.map(lambda value, slope: value + rate * slope, state, change)
        return new, new

    _, path = jax.lax.scan(step, (omega, mu), None, length=steps)
    return jax.tree.map(lambda first, rest: jnp.concatenate([first[None], rest]), (omega, mu), path)


def drift_law(times: Values, positive: int, negative: int, setting: Setting) -> Values:
    """gamma(t) ~ (8 c d^3 t/(1/k_+ + 1/k_-))^(-1/6) for late times [icl-5.4].

    On the valley the balance law's first term left is k = 3; with mu = mu_gamma in each sign group
    it gives dgamma/dt = -(4/3) c d^3 gamma^7/(1/k_+ + 1/k_-).

    Args:
        positive: number k_+ of active heads with omega > 0.
        negative: number k_- of those with omega < 0.

    Raises:
        ValueError: a sign group is empty: the flow then ends at the single-head optimum.
    """
    if positive < 1 or negative < 1:
        raise ValueError(f"expected heads of both signs, got {positive} and {negative}")
    groups = 1 / positive + 1 / negative
    return (8 * setting.c * setting.dimension**3 * times / groups) ** (-1 / 6)


def _plain(t: Any, state: tuple[Heads, Heads], setting: Setting) -> tuple[Heads, Heads]:
    return descent(*state, setting)


def _factorised(t: Any, state: tuple[Heads, Heads], given: Any) -> tuple[Heads, Heads]:
    (omega, mu), ((kq_kept, ov_kept), setting) = state, given
    width = setting.dimension + 1
    along_omega, along_mu = descent(omega, mu, setting)
    s = jnp.sqrt(jnp.maximum(kq_kept + 4 * width * omega**2, 0))
    r = jnp.sqrt(jnp.maximum(ov_kept + 4 * mu**2, 0))
    return 2 * s / (width * setting.dimension) * along_omega, 2 * r * along_mu


def _solve(
    field: Callable[..., tuple[Heads, Heads]],
    start: tuple[Heads, Heads],
    times: Float[Array, " time"],
    given: Any,
) -> Path:
    """Kvaerno's fifth-order implicit solver with relative and absolute tolerance 1e-9.

    Along the valley flows are stiff, fast across and slow along.
    """
    import diffrax  # slow to import, and only this function needs it

    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(field),
        diffrax.Kvaerno5(),
        t0=0.0,
        t1=times[-1],
        dt0=1e-3,
        y0=start,
        args=given,
        saveat=diffrax.SaveAt(ts=times),
        stepsize_controller=diffrax.PIDController(rtol=1e-9, atol=1e-9),
        max_steps=100_000,
    )
    assert solution.ys is not None
    return solution.ys
