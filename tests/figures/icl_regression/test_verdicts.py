"""Verdicts of the room on findings at and beyond the edges of their bounds."""

import numpy as np
import pytest
import xarray

from figures.icl_regression import dynamics, estimators, head_numbers, rates
from figures.icl_regression.readings import LENGTHS
from theory.claims import claim
from theory.icl_regression import authors, reduced
from theory.icl_regression.setting import SETTING

NOISE = np.random.default_rng(0)


def scattered(value, count=16, share=1e-3):
    return value * (1 + share * NOISE.normal(size=count))


@pytest.mark.parametrize("factor, state", [(1.0, "holds"), (1.2, "fails")])
def test_the_published_size_is_asked_of_gamma(factor, state):
    nets = {
        heads: xarray.Dataset(
            {
                "gamma": ("seed", scattered(factor * authors.GAMMA)),
                "mu_plus": ("seed", scattered(authors.MU)),
                "mu_minus": ("seed", scattered(-authors.MU)),
            }
        )
        for heads in (2, 4)
    }
    found = rates.published_size(claim("C-ICL-26"), nets)
    assert found.state == state
    assert found.estimate == pytest.approx(factor * authors.GAMMA, rel=0.01)


@pytest.mark.parametrize("turned, state", [(0, "holds"), (1, "fails")])
def test_one_head_of_the_wrong_sign_is_enough(turned, state):
    omega, mu = np.tile([0.1, -0.1], (200, 1)), np.tile([2.0, -2.0], (200, 1))
    omega[:turned] *= -1
    nets = xarray.Dataset({"omega": (("seed", "head"), omega), "mu": (("seed", "head"), mu)})
    nets["active"] = nets.mu != 0
    found = dynamics.sign_matching(claim("C-ICL-20"), {2: nets})
    assert found.state == state


def losses(one_head, more):
    """Losses by length of one, two and four heads, falling as 1/length."""
    lengths = np.asarray(LENGTHS)
    made = {}
    for heads, scale in ((1, one_head), (2, 1.0), (4, more)):
        values = scale * (1 + 1 / lengths) * (1 + 1e-3 * np.linspace(-1, 1, 8))[:, None]
        made[heads] = xarray.DataArray(
            values, {"seed": range(8), "length": lengths}, ("seed", "length")
        )
    return made


@pytest.mark.parametrize(
    "one_head, more, state", [(1.6, 1.0, "holds"), (1.0, 1.0, "fails"), (1.6, 1.3, "fails")]
)
def test_one_head_is_worse_than_two_and_four_are_no_better(one_head, more, state):
    found = estimators.head_count(claim("C-ICL-25"), losses(one_head, more), 40)
    assert found.state == state


def test_the_error_of_the_approximate_loss_has_two_terms():
    at = SETTING._replace(length=np.array(estimators.SMALL_LENGTHS, float))
    both, one = estimators.predicted_error(), estimators.predicted_error(second_term=False)
    np.testing.assert_allclose(both, np.asarray(reduced.systematic_error(estimators.ETA, at)))
    assert (np.abs(both / one - 1) > 0.1).any()


def ends(imbalance):
    """Starts of the flow that end on the manifold, but for one."""
    values = np.zeros((3, 64))
    values[1, 5] = imbalance
    dims = ("heads", "start")
    single = float(reduced.single_head_optimum(SETTING)[2]) / 2
    names = ("imbalance", "inhomogeneity", "off_single")
    parts = {name: (dims, values if name == "imbalance" else 0 * values) for name in names}
    parts |= {"matched": (dims, values == values), "two_signed": (dims, values == values)}
    parts |= {"half_loss": (dims, single + 0 * values)}
    return xarray.Dataset(parts, {"heads": [2, 3, 4]})


@pytest.mark.parametrize("imbalance, state", [(0.0, "holds"), (0.2, "fails")])
def test_every_start_of_the_flow_must_end_where_it_should(imbalance, state):
    four = xarray.Dataset(
        {
            "omega": (("time", "head"), [[0.1, 0.1, -0.1, -0.1]]),
            "mu": (("time", "head"), [[1.0, 2.0, -1.5, -1.5]]),
        }
    )
    assert head_numbers.endings(claim("C-ICL-17"), ends(imbalance), four).state == state
    lopsided = four.assign(mu=abs(four.mu))
    assert head_numbers.endings(claim("C-ICL-17"), ends(0.0), lopsided).state == "fails"
