"""Kernels, spectra, learning curves and norms against Monte Carlo, quadrature and known numbers."""

import numpy as np
import pytest
import scipy.integrate
import scipy.optimize
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from theory.rf_attention import curves, kernels, norms, shared_heads, spectra, vector_sector
from theory.rf_attention.setting import Setting


@given(st.floats(-0.95, 0.95), st.floats(-1.5, 1.5), st.floats(-1.5, 1.5))
def test_the_bivariate_cdf_is_scipys(r, h, k):
    from scipy.stats import multivariate_normal

    wanted = multivariate_normal([0, 0], [[1, r], [r, 1]]).cdf([h, k])
    assert kernels.bivariate_cdf(h, k, r) == pytest.approx(wanted, abs=1e-6)


@given(st.floats(-0.9, 0.9), st.floats(-1, 1), st.floats(-1, 1))
def test_prices_theorem(r, m1, m2):
    """The derivative of the biased kernel with respect to r is the bivariate cdf."""
    step = 1e-5
    ends = [kernels.biased_arc_cosine(m1, m2, r + s) for s in (step, -step)]
    slope = (ends[0] - ends[1]) / (2 * step)
    assert slope == pytest.approx(float(kernels.bivariate_cdf(m1, m2, r)), abs=1e-6)


@pytest.mark.parametrize("r", [-0.99999, -0.3, 0.0, 0.7, 0.999, 0.99999, 0.999999])
def test_the_biased_kernel_is_its_integral_at_every_correlation(r):
    """Over Z1 of relu(m1 + Z1) E relu(m2 + Z2 | Z1), by adaptive quadrature."""
    s = np.sqrt((1 - r) * (1 + r))

    def integrand(z, m1, m2):
        middle = m2 + r * z
        inner = middle * scipy.stats.norm.cdf(middle / s) + s * scipy.stats.norm.pdf(middle / s)
        return (m1 + z) * scipy.stats.norm.pdf(z) * inner

    for m1 in (-1.1, 0.0, 0.4):
        for m2 in (-0.8, 0.0, 0.4, 1.3):
            turns = [-m2 / r + shift * s for shift in (-20, 0, 20)] if r else []
            ends = sorted({-m1, 12.0, *(turn for turn in turns if -m1 < turn < 12)})
            wanted = sum(
                scipy.integrate.quad(integrand, *pair, (m1, m2), epsabs=1e-14, epsrel=1e-13)[0]
                for pair in zip(ends, ends[1:], strict=False)
            )
            found = float(kernels.biased_arc_cosine(m1, m2, r))
            assert found == pytest.approx(wanted, abs=1e-12)


def test_the_bivariate_cdf_at_its_edges():
    assert kernels.bivariate_cdf(0.3, 0.5, 1.0) == pytest.approx(scipy.stats.norm.cdf(0.3))
    between = scipy.stats.norm.cdf(0.3) - scipy.stats.norm.cdf(-0.5)
    assert kernels.bivariate_cdf(0.3, 0.5, -1.0) == pytest.approx(between)
    assert kernels.bivariate_cdf(-0.3, 0.1, -1.0) == pytest.approx(0, abs=1e-15)
    assert kernels.bivariate_cdf(0.0, 0.0, 0.5) == pytest.approx(1 / 3)
    assert kernels.bivariate_cdf(0.0, -0.7, 0.0) == pytest.approx(scipy.stats.norm.cdf(-0.7) / 2)


def tokens_of(setting, samples=3):
    tokens = np.random.default_rng(0).normal(size=(samples, setting.keys + 1, setting.dimension))
    tokens *= setting.radius / np.linalg.norm(tokens, axis=-1, keepdims=True)
    return tokens[:, 0], tokens[:, 1:]


SETTINGS = [Setting(5, 3), Setting(5, 3, radius=1.7, bias=0.6, weight_scale=0.8)]


@pytest.mark.parametrize("setting", SETTINGS, ids=["unit", "other"])
@pytest.mark.parametrize("mean", [0.0, 0.7])
def test_the_kernel_is_that_of_many_heads(setting, mean):
    rng = np.random.default_rng(1)
    query, keys = tokens_of(setting)
    one = np.concatenate([query, np.full((3, 1), setting.bias)], axis=1)
    other = np.concatenate([keys, np.full((3, 3, 1), setting.bias)], axis=2)
    weights = setting.weight_scale * rng.normal(size=(20_000, 6, 6))
    weights += mean * np.diag([1] * 5 + [0])
    scores = np.einsum("ni,mij,nkj->nmk", one, weights, other, optimize=True)
    read = np.einsum("nmk,nkj->nmj", np.maximum(scores, 0), other) / 3
    each = np.einsum("amj,bmj->mab", read, read)
    error = each.std(axis=0) / len(each) ** 0.5
    exact = kernels.rfa_kernel((query, keys), (query, keys), setting, mean)
    assert (np.abs(each.mean(axis=0) - exact) < 4.5 * error).all()


@pytest.mark.parametrize("setting", SETTINGS, ids=["unit", "other"])
def test_the_networks_kernel_is_that_of_many_units(setting):
    """Weights are standard normal over the norm of all tokens and one bias."""
    rng = np.random.default_rng(1)
    query, keys = tokens_of(setting)
    stacked = np.concatenate([query, keys.reshape(3, -1), np.full((3, 1), setting.bias)], axis=1)
    norm = np.sqrt(setting.bias**2 + 4 * setting.radius**2)
    drawn = np.maximum(stacked @ rng.normal(size=(21, 200_000)) / norm, 0)
    each = drawn[:, None] * drawn[None]
    error = each.std(axis=2) / 200_000**0.5
    exact = kernels.rfmlp_kernel(*[(query, keys)] * 2, setting)
    assert (np.abs(each.mean(axis=2) - exact) < 4.5 * error).all()


@pytest.mark.parametrize("kernel", [kernels.rfa_kernel, kernels.rfmlp_kernel])
def test_tokens_of_another_norm_are_refused(kernel):
    both = [tokens_of(SETTINGS[0])] * 2
    with pytest.raises(ValueError, match="expected tokens of norm 2, .* from 1 to 1"):
        kernel(*both, SETTINGS[0]._replace(radius=2.0))


@given(st.integers(3, 12), st.integers(0, 8))
def test_harmonics_are_orthogonal_and_counted(dimension, degree):
    t, weights = spectra.quadrature(dimension)
    shapes = spectra.gegenbauer(degree, t, dimension)
    counts = [spectra.harmonics(a, dimension) for a in range(degree + 1)]
    np.testing.assert_allclose(
        (shapes * weights) @ shapes.T, np.diag(1 / np.array(counts)), atol=1e-12
    )
    np.testing.assert_allclose(spectra.gegenbauer(degree, np.ones(1), dimension), 1)


@pytest.mark.parametrize("setting", [Setting(8, 8), Setting(6, 4, 2.0, 1.0, 0.3)])
def test_eigenvalues_are_averages_of_the_kernel(setting):
    """The series of positive terms against the double quadrature, where that has digits."""
    t, weights = spectra.quadrature(setting.dimension, 220)
    inner = setting.bias**2 + setting.radius**2 * t
    cosine = inner / setting.token_square
    scale = (setting.weight_scale * setting.token_square) ** 2
    kernel = scale * kernels.arc_cosine(cosine[:, None] * cosine) * inner
    shapes = spectra.gegenbauer(4, t, setting.dimension) * weights
    wanted = shapes @ kernel @ shapes.T
    np.testing.assert_allclose(spectra.rfa_shape(setting, 4), wanted, rtol=1e-6, atol=1e-15)


@pytest.mark.parametrize(
    "setting, rfa, rfmlp",
    [
        (
            Setting(16, 16),
            {(0, 0): 0.232, (1, 0): 4.90e-3, (0, 1): 1.18e-3, (0, 2): 3.42e-5, (1, 2): 2.55e-6},
            {(): 0.1736, (1,): 8.99e-4, (1, 1): 1.93e-6, (2,): 1.71e-6, (2, 1): 3.4e-10},
        )
    ],
)
def test_levels_are_those_of_an_independent_computation(setting, rfa, rfmlp):
    for wanted, spectrum in ((rfa, spectra.rfa_spectrum(setting)),
                             (rfmlp, spectra.rfmlp_spectrum(setting))):  # fmt: skip
        for level, value in wanted.items():
            assert spectrum.at(level) == pytest.approx(value, rel=0.015)
    assert 0 <= spectra.rfa_spectrum(setting).tail < 1e-4


@pytest.mark.parametrize(
    "power, weighted, shares",
    [
        (3, False, {(0, 1): 0.6667, (0, 3): 0.3333}),
        (4, False, {(0, 2): 0.8137, (0, 4): 0.1863}),
        (1, True, {(1, 0): 0.5161, (1, 2): 0.4839}),
        (3, True, {(1, 0): 0.4103, (1, 2): 0.3846, (3, 2): 0.0308, (3, 4): 0.1744}),
    ],
)
def test_energies_are_those_of_an_independent_computation(power, weighted, shares):
    found = spectra.monomial_energies(power, weighted, Setting(16, 16))
    whole = spectra.variance(found)
    for level, share in shares.items():
        assert found[level] / whole == pytest.approx(share, abs=1e-3)
    assert sum(spectra.as_partitions(found).values()) == pytest.approx(sum(found.values()))


def toy(samples, ridge, width=None, noise=0.0):
    """A spectrum of one level, where all of it can be written down."""
    spectrum = spectra.Spectrum(((0, 1),), np.array([0.02]), np.array([50.0]), 0.0)
    energies = {(0, 1): 1.0}
    if width is None:
        return curves.infinite_width(spectrum, energies, samples, ridge, noise)
    return curves.finite_width(spectrum, energies, samples, width, ridge, noise)


def test_the_infinite_width_curve_of_one_level_is_linear_ridge():
    """50 independent features of variance .02: simulated ridge regression."""
    rng = np.random.default_rng(0)
    errors = []
    for _ in range(200):
        x, y = rng.normal(size=(100, 50)) * 0.02**0.5, rng.normal(size=50)
        labels = x @ y + 0.5 * rng.normal(size=100)
        found = np.linalg.solve(x.T @ x + 0.3 * np.eye(50), x.T @ labels)
        errors.append(0.02 * ((found - y) ** 2).sum())
    # the signal has variance .02 * 50 = 1
    assert np.mean(errors) == pytest.approx(toy(100, 0.3, noise=0.25), rel=0.05)


def test_infinite_heads_are_the_limit_of_many():
    assert toy(40, 0.1, width=10**7) == pytest.approx(toy(40, 0.1), rel=1e-4)
    assert toy(40, 0.1, width=60) > 1.02 * toy(40, 0.1)
    assert toy(40, 1e-6, width=40) > 5 * toy(40, 1e-6, width=400)  # the peak at k = n


@pytest.mark.parametrize("setting", [Setting(8, 8), Setting(6, 4, 2.0, 0.7, 0.3)])
@pytest.mark.parametrize("level, ridge", [((0, 1), 0.0), ((0, 2), 0.03)])
def test_half_learnt_is_where_half_is_left(setting, level, ridge):
    """kappa solves n = sum m lam/(lam + kappa) + (ridge + tail)/kappa; (kappa/(lam + kappa))^2."""
    spectrum = spectra.rfa_spectrum(setting)
    samples = curves.half_learnt(spectrum, level, ridge)
    lam, count = spectrum.eigenvalues, spectrum.multiplicities

    def excess(log):
        kappa = np.exp(log)
        return (count * lam / (lam + kappa)).sum() + (ridge + spectrum.tail) / kappa - samples

    kappa = np.exp(scipy.optimize.brentq(excess, -30, 10, xtol=1e-12))
    assert (kappa / (spectrum.at(level) + kappa)) ** 2 == pytest.approx(0.5)


def test_plateaus_are_what_is_left():
    found = curves.plateaus(spectra.monomial_energies(3, True, Setting(16, 16)))
    assert [level for level, _ in found] == [(1, 0), (1, 2), (3, 2), (3, 4)]
    np.testing.assert_allclose([left for _, left in found], [0.590, 0.205, 0.174, 0], atol=1e-3)


def test_a_level_that_is_not_there_is_named():
    with pytest.raises(ValueError, match=r"level \(9, 9\)"):
        spectrum = spectra.rfa_spectrum(Setting(8, 8), 4)
        curves.infinite_width(spectrum, {(9, 9): 1.0}, 10, 0.1)


def test_norms_and_bounds_are_those_of_an_independent_computation():
    for keys in (2, 32):
        spectrum = spectra.rfa_spectrum(Setting(8, keys))
        wanted = (3.30, 11.01, 113.1, 1568, 3320)
        for power, value in enumerate(wanted, 1):
            energies = spectra.monomial_energies(power, False, Setting(8, keys))
            assert norms.squared_norm(energies, spectrum) == pytest.approx(value, rel=2e-3)
    for power, value in enumerate((3.342, 12.87, 190.4, 6739, 26280, 209000), 1):
        assert norms.tensor_bound(0, power) == pytest.approx(value, rel=1e-3)


def test_the_sector_reproduces_the_exact_norm_without_a_mean():
    """RFA's cheapest function within a tenth of g_1, from the sector and from its levels."""
    setting = Setting(8, 1)
    parts, spectrum = spectra.monomial_energies(1, True, setting), spectra.rfa_spectrum(setting)
    lam = np.array([spectrum.at(level) for level in parts])
    exact = norms.least_norm(lam, np.array(list(parts.values())), 0.1)
    found = norms.least_norm(*vector_sector.first_weighted(8, 0.0), 0.1)
    assert found == pytest.approx(exact, rel=0.05)


def test_the_floor_at_d_8_and_four_keys():
    assert norms.additive_floor(8, 4) == pytest.approx(0.811, abs=1e-3)


def test_shared_heads_tend_to_infinitely_many():
    setting = Setting(4, 3)
    spectrum = spectra.rfa_spectrum(setting)
    matrices = shared_heads.head_matrices(setting, spectrum, heads=20, samples=8000)
    energies = spectra.monomial_energies(1, False, setting)
    errors = [
        shared_heads.shared_width(
            shared_heads.strengths(spectrum, matrices, heads), energies, 60, 1e-3
        )
        for heads in (20, 200, 10**6)
    ]
    assert errors[0] > 1.05 * errors[1] > 1.05 * errors[2]
    limit = curves.infinite_width(spectrum, energies, 60, 1e-3)
    assert errors[2] == pytest.approx(limit, rel=2e-3)


def test_a_pool_of_independent_features_is_linear_ridge():
    """Eigenvalues and energies of a pool against simulated ridge regression."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2000, 50)), rng.normal(size=50)
    values, vectors = np.linalg.eigh(x @ x.T / 2000)
    energy = (vectors.T @ (x @ y)) ** 2 / 2000
    errors = []
    for _ in range(200):
        train = rng.normal(size=(100, 50))
        found = np.linalg.solve(train.T @ train + 60 * np.eye(50), train.T @ train @ y)
        errors.append(((found - y) ** 2).sum())
    predicted = curves.pooled(np.maximum(values, 0), energy, 100, 60.0)
    assert predicted == pytest.approx(np.mean(errors), rel=0.06)


def test_the_grid_of_shared_heads_is_fine_enough(monkeypatch):
    """Within 3e-4 of a grid four times as fine; one five times as coarse is not."""
    setting = Setting(4, 3)
    spectrum = spectra.rfa_spectrum(setting)
    matrices = shared_heads.head_matrices(setting, spectrum, heads=20, samples=8000)
    parts = spectra.monomial_energies(2, True, setting)

    def errors(points):
        grid = np.linspace(shared_heads._GRID[0], shared_heads._GRID[-1], points)
        with monkeypatch.context() as patch:
            patch.setattr(shared_heads, "_GRID", grid)
            found = shared_heads.strengths(spectrum, matrices, 30)
            return np.array([
                shared_heads.shared_width(found, parts, n, ridge)
                for n in (20, 60, 200) for ridge in (1e-4, 1e-2)
            ])  # fmt: skip

    fine = errors(240)
    assert abs(errors(len(shared_heads._GRID)) / fine - 1).max() < 3e-4
    assert abs(errors(12) / fine - 1).max() > 3e-4


@pytest.mark.parametrize("width", [60, 300, 1800])
@pytest.mark.parametrize("samples, ridge", [(40, 1e-3), (200, 1e-4), (900, 0.3)])
def test_finite_width_is_the_deterministic_equivalent_of_the_literature(width, samples, ridge):
    """[rfa-4.2] in the form of Defilippis, Loureiro & Misiakiewicz 2024, solved by itself."""
    rng = np.random.default_rng(width)
    lam, count = np.geomspace(1.0, 1e-4, 6), np.array([1.0, 3, 10, 40, 200, 900])
    energy, noise = rng.uniform(0.1, 1.0, 6), 0.3
    levels = tuple((0, b) for b in range(6))
    spectrum = spectra.Spectrum(levels, lam, count, 0.0)

    def trace(power, nu):
        return np.sum(count * lam / (lam + nu) ** power)

    def first(nu2):
        return nu2 * (1 - trace(1, nu2) / width)

    def off(log):
        nu2 = np.exp(log)
        return samples - ridge / first(nu2) - trace(1, nu2)

    lowest = -40.0
    if trace(1, np.exp(lowest)) > width:  # nu1 > 0 from here on
        lowest = scipy.optimize.brentq(lambda log: trace(1, np.exp(log)) - width, -40.0, 10.0)
        lowest += 1e-9
    nu2 = np.exp(scipy.optimize.brentq(off, lowest, 10.0, xtol=1e-13))
    nu1 = first(nu2)
    second = np.sum(count * lam**2 / (lam + nu2) ** 2)
    upsilon = (1 - nu1 / nu2) ** 2 + (nu1 / nu2) ** 2 * second / (width - second)
    upsilon *= width / samples
    chi = trace(2, nu2) / (width - second)
    bias = np.sum(energy * (1 + chi * lam) / (lam + nu2) ** 2)
    wanted = (nu2**2 * bias + noise) / (1 - upsilon) - noise
    found = curves.finite_width(
        spectrum, dict(zip(levels, energy, strict=True)), samples, width, ridge, noise
    )
    assert found == pytest.approx(wanted, rel=1e-6)
