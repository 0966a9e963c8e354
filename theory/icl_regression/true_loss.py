"""The true reduced loss by quadrature: labels integrated out, no sampling [icl-4.1], [icl-4.2].

A reduced model reads the labels with weights w_l, yhat = mu sum_l w_l y_l, and its loss is

    1 + s2 - 2 mu signal + mu^2 (square + s2 noise),
    signal = E x_q.X'w/d,   square = E |X'w|^2/d,   noise = E |w|^2,

with w = p = softmax(omega X x_q) for one head and w = p(gamma) - p(-gamma) for a pair. Given r =
|x_q| the logits are a g_l with a = omega r and g_l = x_l.x_q/r iid N(0, 1), and what is orthogonal
to x_q is independent of w. Then 1/Z^k = int t^(k-1) e^(-tZ) dt/(k-1)! turns expectations over L
pairs into integrals over t of powers of one-pair expectations. NumPy in float64, without JAX.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy.optimize
import scipy.special
from jaxtyping import Float

from theory.icl_regression.risks import debiased_gd_risk
from theory.icl_regression.setting import Setting

Rule = tuple[Float[np.ndarray, " node"], Float[np.ndarray, " node"]]

# How far the rules reach: the normal's in standard deviations; and x of t = exp(x - exp(-x))/L,
# beyond which the integrand is below 1e-11 of its integral (a one-sided Gumbel law on the right).
REACH = 9.0
LOW, HIGH = -3.4, 7.0


class Nodes(NamedTuple):
    """How finely the three integrals are taken; all three rules converge exponentially.

    Attributes:
        radii: nodes of generalised Gauss-Laguerre quadrature in |x_q|^2/2.
        normal: step of the trapezoidal rule in g.
        time: step of the trapezoidal rule in x, where t = exp(x - exp(-x))/L.
    """

    radii: int = 16
    normal: float = 0.25
    time: float = 0.25


# At d = 5, L = 40 right to 2e-9 in every moment for omega up to .52, to 1e-5 for omega up to 1.
NODES = Nodes()
# Right to 1e-12 for gamma up to .2, to 1e-7 up to .4: a pair's logits are smaller, its integral
# over two times is dearer.
PAIR_NODES = Nodes(radii=8, normal=0.25, time=0.3)


class Moments(NamedTuple):
    """What a reduced model's loss is made of, whatever its mu and its noise.

    Attributes:
        signal: E x_q.X'w/d, overlap of what is read with the query.
        square: E |X'w|^2/d, its size.
        noise: E |w|^2, the weight of the labels' noise.
    """

    signal: float
    square: float
    noise: float

    def loss(self, mu: float, noise_variance: float) -> float:
        """The true loss at an output weight, the target's own noise included."""
        power = self.square + noise_variance * self.noise
        return 1 + noise_variance - 2 * mu * self.signal + mu**2 * power

    def best_mu(self, noise_variance: float) -> float:
        """The output weight of least loss, the minimum of a parabola."""
        return self.signal / (self.square + noise_variance * self.noise)


class Optimum(NamedTuple):
    """A minimum of the true loss.

    Attributes:
        size: omega of one head, gamma of a pair.
        mu: the output weight.
        loss: the risk there, the target's noise included.
    """

    size: float
    mu: float
    loss: float

    @property
    def step(self) -> float:
        """2 gamma mu, the gradient step that a pair takes."""
        return 2 * self.size * self.mu


def head_moments(omega: float, setting: Setting, nodes: Nodes = NODES) -> Moments:
    """Moments of one head, w = softmax(omega X x_q) [icl-4.1].

    With m = sum p_l g_l and S = sum p_l^2 given r: E r m/d, E (m^2 + (d - 1) S)/d and E S.
    """
    dimension, length = float(setting.dimension), float(setting.length)
    radius, weight = radii(dimension, nodes.radii)
    read, square, spread = head_given_radius(omega * radius, length, nodes)
    signal = weight @ (radius * read) / dimension
    across = (dimension - 1) * (weight @ spread)
    size = (weight @ square + across) / dimension
    return Moments(float(signal), float(size), float(weight @ spread))


def pair_moments(gamma: float, setting: Setting, nodes: Nodes = PAIR_NODES) -> Moments:
    """Moments of a pair, w = softmax(gamma X x_q) - softmax(-gamma X x_q) [icl-4.2].

    Either head alone has the moments of `head_moments`; what they share is an integral over two
    times.
    """
    dimension, length = float(setting.dimension), float(setting.length)
    radius, weight = radii(dimension, nodes.radii)
    read, square, spread = head_given_radius(gamma * radius, length, nodes)
    both, overlap = _shared(gamma * radius, length, nodes)
    signal = 2 * (weight @ (radius * read)) / dimension
    noise = 2 * (weight @ (spread - overlap))
    along = 2 * (weight @ (square - both))
    size = (along + (dimension - 1) * noise) / dimension
    return Moments(float(signal), float(size), float(noise))


def best_head(omega: float, setting: Setting, nodes: Nodes = NODES) -> Optimum:
    """One head of this omega at its best mu."""
    return _best(omega, head_moments(omega, setting, nodes), setting)


def best_pair(gamma: float, setting: Setting, nodes: Nodes = PAIR_NODES) -> Optimum:
    """A pair of this gamma at its best mu: a point of the true valley."""
    return _best(gamma, pair_moments(gamma, setting, nodes), setting)


@functools.cache
def head_optimum(setting: Setting, nodes: Nodes = NODES) -> Optimum:
    """The best single head [icl-4.3]: (.5179, 1.497, .40396) at d = 5, L = 40, s2 = .1.

    The approximate loss has it at 1/sqrt(d) = .447.
    """
    return _lowest(best_head, setting, nodes, 0.5, 2.0)


@functools.cache
def pair_optimum(setting: Setting, nodes: Nodes = PAIR_NODES) -> Optimum:
    """The floor of the true valley [icl-4.4]: gamma = .0712 at d = 5, L = 40, s2 = .1.

    The approximate loss has none at a finite gamma.
    """
    return _lowest(best_pair, setting, nodes, 0.02, 1.0)


def gain(optimum: Optimum, setting: Setting) -> float:
    """Loss minus that of gamma -> 0, which is debiased GD at eta*; negative where it is lower."""
    return optimum.loss - float(debiased_gd_risk(setting.eta_star, setting))


def radii(dimension: float, count: int) -> Rule:
    """|x_q| and its probabilities: r^2/2 has the density u^(d/2-1) e^-u/Gamma(d/2)."""
    half_squares, weights = scipy.special.roots_genlaguerre(count, dimension / 2 - 1)
    return np.sqrt(2 * half_squares), weights / weights.sum()


def normals(step: float) -> Rule:
    """g ~ N(0, 1): the trapezoidal rule, whose error is e^(-2 pi^2/step^2) for smooth functions."""
    g = np.arange(-REACH, REACH + step / 2, step)
    density = np.exp(-(g**2) / 2)
    return g, density / density.sum()


def times(step: float, length: float) -> Rule:
    """t in (0, infinity) as exp(x - exp(-x))/L, and the weights of dt.

    The substitution makes the left end fall double exponentially; on the right e^(-tZ) does.
    """
    x = np.arange(LOW, HIGH + step / 2, step)
    t = np.exp(x - np.exp(-x)) / length
    return t, t * (1 + np.exp(-x)) * step


def head_given_radius(
    a: Float[np.ndarray, " radius"], length: float, nodes: Nodes
) -> tuple[np.ndarray, ...]:
    """E m, E m^2 and E S given the radius, for m = sum p_l g_l and S = sum p_l^2.

    With f_jk(t) = E g^j e^(kag) exp(-t e^(ag)) of one pair and f = f_00:

        E m = L int f_11 f^(L-1) dt,      E S = L int t f_02 f^(L-1) dt,
        E m^2 = int t [L f_22 f^(L-1) + L (L - 1) f_11^2 f^(L-2)] dt.
    """
    g, density = normals(nodes.normal)
    t, dt = times(nodes.time, length)
    grown = np.exp(a[:, None] * g)
    damped = np.exp(-t[:, None] * grown[:, None, :])
    powers = np.stack([np.ones_like(grown), g * grown, grown**2, (g * grown) ** 2], axis=-1)
    f, f11, f02, f22 = np.moveaxis(damped @ (powers * density[:, None]), -1, 0)
    others = f ** (length - 2)
    mean = length * (f11 * others * f) @ dt
    square = length * ((f22 * f + (length - 1) * f11**2) * others) @ (t * dt)
    spread = length * (f02 * others * f) @ (t * dt)
    return mean, square, spread


def _shared(a: Float[np.ndarray, " radius"], length: float, nodes: Nodes) -> tuple[np.ndarray, ...]:
    """E m_+ m_- and E p_+.p_- given the radius, for the heads a and -a.

    With h_F(s, t) = E F exp(-s e^(ag) - t e^(-ag)) of one pair and h = h_1, since the weights of
    the two heads on the same pair multiply to 1/(Z_+ Z_-):

        E p_+.p_- = L int int h^L ds dt,
        E m_+ m_- = int int [L h_gg h^(L-1) + L (L - 1) h_u h_v h^(L-2)] ds dt,

    u = g e^(ag), v = g e^(-ag), and h_v(s, t) = -h_u(t, s) because g and -g have one law.
    """
    g, density = normals(nodes.normal)
    t, dt = times(nodes.time, length)
    grown = np.exp(a[:, None] * g)
    damped = np.exp(-t[:, None] * grown[:, None, :])
    mirrored = damped[:, :, ::-1].swapaxes(1, 2)

    def expected(factor: np.ndarray) -> np.ndarray:
        return (damped * (factor * density)) @ mirrored

    h, h_gg, h_u = expected(np.ones_like(g)), expected(g**2), expected((g * grown)[:, None, :])
    h_v = -h_u.swapaxes(1, 2)
    others = h ** (length - 2)
    overlap = length * np.einsum("rst,s,t->r", others * h**2, dt, dt)
    terms = (h_gg * h + (length - 1) * h_u * h_v) * others
    return length * np.einsum("rst,s,t->r", terms, dt, dt), overlap


def _best(size: float, moments: Moments, setting: Setting) -> Optimum:
    noise = float(setting.noise_variance)
    mu = moments.best_mu(noise)
    return Optimum(size, mu, moments.loss(mu, noise))


def _lowest(
    best: Callable[[float, Setting, Nodes], Optimum],
    setting: Setting,
    nodes: Nodes,
    low: float,
    high: float,
) -> Optimum:
    """The least of the curve, whose size is sought between these multiples of 1/sqrt(d)."""
    unit = float(setting.dimension) ** -0.5
    found = scipy.optimize.minimize_scalar(
        lambda size: best(size, setting, nodes).loss,
        bounds=(low * unit, high * unit),
        method="bounded",
        options={"xatol": 1e-5},
    )
    return best(float(found.x), setting, nodes)  # pyright: ignore[reportAttributeAccessIssue]
