"""Verdicts about MLPs, normalised states and agreement, at and beyond the edges of their bounds."""

import numpy as np
import pytest
import xarray

from figures.associative_recall import agreement, choice, facts, middle_mlp, noise, secondary
from sims.associative_recall import SWEEPS, relation, sink_choice
from theory.associative_recall import label_noise
from theory.associative_recall.conflict import COMMON, RARE
from theory.claims import claim

NETS = 12
WELL = {"learned": NETS, "nets": NETS}
FEW = {"learned": 5, "nets": NETS}
SPREAD = np.linspace(-0.01, 0.01, NETS)


def nets(attrs=WELL, **parts):
    """Nets with the values given (seed first)."""
    found = {
        name: (("seed", *dims), np.asarray(values, float)) for name, (dims, values) in parts.items()
    }
    return xarray.Dataset(found, attrs=attrs)


def flat(value):
    return (), value + SPREAD


@pytest.mark.parametrize(
    "mlp, head, without, headless, attrs, state",
    [
        (9.0, 1.0, 0.4, 0.1, WELL, "holds"),
        (7.0, 3.0, 0.4, 0.1, WELL, "fails"),
        (9.0, 1.0, 0.7, 0.1, WELL, "fails"),
        (9.0, 1.0, 0.4, 0.4, WELL, "fails"),
        (9.0, 1.0, 0.4, 0.1, FEW, "fails"),
    ],
)
def test_the_mlp_makes_the_answer(mlp, head, without, headless, attrs, state):
    found = nets(
        attrs,
        mlp=(("layer",), (mlp + SPREAD)[:, None]),
        attention=(("layer",), (head / 2 + SPREAD)[:, None]),
        embedding=flat(head / 2),
        without_mlp=flat(without),
        without_heads=flat(headless),
    )
    assert facts.made_by_the_mlp(claim("C-AR-28"), found).state == state
    shares = (mlp + SPREAD) / (mlp + head + 3 * SPREAD)
    np.testing.assert_allclose(facts.share_of_the_mlp(found), shares)


@pytest.mark.parametrize(
    "share, everywhere, nowhere",
    [(0.98, "holds", "fails"), (0.5, "fails", "fails"), (0.02, "fails", "holds"),
     (0.05, "fails", "undecided"), (0.95, "undecided", "fails")],
)  # fmt: skip
def test_the_last_mlp_lowers_or_does_not(share, everywhere, nowhere):
    found = nets(lowers=flat(share))
    assert noise.lowers(claim("C-AR-29"), found).state == everywhere
    assert noise.lowers(claim("C-AR-30"), found).state == nowhere


@pytest.mark.parametrize(
    "share, shift, state", [(0.98, 0.2, "holds"), (0.9, 0.2, "fails"), (0.98, -0.5, "fails")]
)
def test_a_last_mlp_lowers_to_the_margin(share, shift, state):
    best = float(label_noise.best_margin(label_noise.NOISY, label_noise.ANSWERS))
    found = nets(lowers=flat(share), margin=flat(best + shift))
    assert noise.staged(claim("C-AR-31"), found).state == state


@pytest.mark.parametrize("shift, state", [(0.05, "holds"), (0.15, "fails")])
def test_margins_are_asked_at_every_share(shift, state):
    shares = []
    for eps in (0.1, 0.4):
        best = float(label_noise.best_margin(eps, label_noise.ANSWERS))
        off = shift if eps == 0.4 else 0.0
        shares.append(nets(margin=flat(best + off)).assign_coords(noise=eps))
    verdict = noise.as_sure_as_best(claim("C-AR-32"), *shares)
    assert verdict.state == state and verdict.detail["nets that learned"] == "24 of 24"


@pytest.mark.parametrize(
    "fact, rare, state", [(0.95, 0.3, "holds"), (0.8, 0.3, "fails"), (0.95, -0.3, "fails")]
)
def test_few_facts_win_and_many_lose(fact, rare, state):
    sizes = []
    for count, by_fact, by_context in (
        (32, 0.99, 0.0),
        (COMMON, fact, 0.0),
        (512, 0.5, 0.5),
        (RARE, 0.4, 0.4 + rare),
    ):
        found = nets(fact=flat(by_fact), context=((), by_context + 2 * SPREAD))
        sizes.append(found.assign_coords(facts=count))
    verdict = agreement.who_wins(claim("C-AR-34"), *sizes)
    assert verdict.state == state
    assert {name for name in verdict.detail if "fact, M" in name} <= {
        "fact, M = 32",
        "fact, M = 128",
    }


@pytest.mark.parametrize(
    "itself, first, shut, there, state",
    [
        (0.9, 0.02, 0.2, 0.04, "holds"),
        (0.7, 0.02, 0.2, 0.04, "fails"),
        (0.9, 0.1, 0.2, 0.04, "fails"),
        (0.9, 0.02, 0.1, 0.04, "fails"),
        (0.9, 0.02, 0.2, 0.12, "fails"),
    ],
)
def test_where_the_last_token_looks(itself, first, shut, there, state):
    kinds = {"kind": ["context", "none"]}

    def of(context, none):
        rows = np.zeros((NETS, 2, 5))
        rows[:, 0, 0], rows[:, 1, 0], rows[:, 1, -1] = context, none[0], none[1]
        rows[:, :, 0] += SPREAD[:, None]
        rows[:, 1, -1] += SPREAD
        return nets(attention=(("kind", "position"), rows)).assign_coords(kinds)

    free, closed = of(0.0, (first, itself)), of(there, (shut, 0.0))
    verdict = choice.chosen(claim("C-AR-25"), free, closed)
    assert verdict.state == state and verdict.detail["nets that learned"] == "24 of 24"


@pytest.mark.parametrize(
    "first, last, state", [(2.5, 0.4, "holds"), (1.5, 0.4, "fails"), (2.5, 1.8, "fails")]
)
def test_doses_are_asked_of_values(first, last, state):
    doses = [0.0, 20.0, 80.0]
    rows = np.full((NETS, 2, 2, 3), 0.1)
    rows[:, 1, 0, -1], rows[:, 1, 1, -1] = 0.1 * first, 0.1 * last
    rows[:, :, :, -1] *= 1 + SPREAD[:, None, None]
    coords = {"token": ["key", "value"], "direction": list(sink_choice.DIRECTIONS), "dose": doses}
    found = nets(attention=(tuple(coords), rows)).assign_coords(coords)
    assert choice.drawn_by_a_dose(claim("C-AR-27"), found).state == state
    np.testing.assert_allclose(choice.ratios(found, "key").sel(dose=20.0), 1.0)


@pytest.mark.parametrize(
    "off, power, state", [(1.01, 2, "holds"), (1.03, 2, "fails"), (1.01, 1.6, "fails")]
)
def test_a_made_sink_follows_its_dose(off, power, state):
    doses, layers = np.array([10.0, 20.0, 40.0]), np.arange(3, 203)
    lasts = np.round(4 * (doses / 10) ** power).astype(int)
    cosine = np.where(layers - 3 <= lasts[:, None], 0.95, 0.85)
    law = np.linspace(0.9, 0.1, len(layers)) * np.ones((3, 1))
    dims = ("dose", "layer")
    parts = {"found": law * off, "predicted": law, "cosine": cosine}
    found = xarray.Dataset({n: (dims, v) for n, v in parts.items()}, {"dose": doses})
    np.testing.assert_array_equal(middle_mlp.lasts(found), lasts)
    assert middle_mlp.made(claim("C-AR-35"), found).state == state


def test_theory_speaks_of_the_answers_that_nets_are_trained_on():
    assert label_noise.ANSWERS == relation.ANSWERS


def test_theory_speaks_of_values_that_sweeps_have():
    facts_of = SWEEPS["agree"]["standard"].axes["facts"]
    assert RARE in facts_of and min(facts_of) < COMMON and COMMON in facts_of
    for sweep in ("noisy", "staged"):
        assert label_noise.NOISY in SWEEPS[sweep]["standard"].axes["noise"]


def shares(largest):
    values = np.zeros((NETS, 2, 4))
    # The most frequent place differs between nets.
    values[np.arange(NETS), np.arange(NETS) % 2, np.arange(NETS) % 4] = largest
    return ("layer", "position"), values


@pytest.mark.parametrize(
    "sinks, closed, state", [(0.5, 0.0, "holds"), (0.1, 0.0, "fails"), (0.5, 0.1, "fails")]
)
def test_sinks_are_mostly_copies(sinks, closed, state):
    copying, apart = (nets(sinks=shares(value + SPREAD / 10)) for value in (sinks, closed))
    verdict = secondary.copied(claim("C-AR-36"), copying, apart)
    assert verdict.state == state and verdict.detail["nets that learned"] == "24 of 24"


@pytest.mark.parametrize(
    "share, count, state",
    [(0.06, 1, "holds"), (0.04, 1, "fails"), (0.06, 5, "undecided"), (0.06, 11, "fails")],
)
def test_mlps_of_few_nets_make_sinks(share, count, state):
    found = nets(own=shares(np.where(np.arange(NETS) < count, share, 0.001)))
    assert secondary.made(claim("C-AR-37"), found).state == state
