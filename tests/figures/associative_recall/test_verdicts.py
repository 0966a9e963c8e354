"""Verdicts of the room on findings at and beyond the edges of their bounds."""

import numpy as np
import pytest
import xarray

from figures.associative_recall import (
    compression,
    conflict,
    contribution,
    flipping,
    induction,
    interference,
    norm,
    race,
    ranks,
    retrieval,
    sinks,
)
from figures.associative_recall.readings import learned
from sims.associative_recall.prompts import CONFLICT, MIXES
from sims.associative_recall.training import Recall
from theory.associative_recall import one_layer, rank
from theory.associative_recall.conflict import CONFLICTS
from theory.associative_recall.setting import SETTING
from theory.claims import claim

NOISE = np.random.default_rng(0).normal(0, 1e-4, 6)


@pytest.mark.parametrize("shift, state", [(0.0, "holds"), (0.05, "fails")])
def test_the_sink_s_attention_is_asked_of_each_net(shift, state):
    match, gain = np.full((1, 6, 1), 7.0), np.full((1, 6, 1), 7.5)
    best = one_layer.best_sink(7.0, 7.5, SETTING, 0.5)
    masses = one_layer.sink_masses(one_layer.Circuit(7.0, 7.5, best), SETTING)
    dims = ("matched", "seed", "head")
    unmatched, matched = ((mass + shift + NOISE)[None, :, None] for mass in masses)
    parts = {"match": match, "gain": gain, "mass_unmatched": unmatched, "mass_matched": matched}
    nets = xarray.Dataset({n: (dims, v) for n, v in parts.items()}, {"matched": [0.5]})
    assert sinks.as_good_as_best(claim("C-AR-22"), nets).state == state


@pytest.mark.parametrize("shift, state", [(0.002, "holds"), (-0.01, "fails")])
def test_the_cost_of_no_sink(shift, state):
    excess = one_layer.cost_without_sink(SETTING, 0.5)[0] + shift + NOISE
    nets = xarray.Dataset({"excess": (("matched", "seed"), excess[None])}, {"matched": [0.5]})
    assert sinks.pays(claim("C-AR-23"), nets).state == state


@pytest.mark.parametrize("needle, state", [(0.49, "holds"), (0.51, "fails")])
def test_half_is_the_limit(needle, state):
    found = xarray.Dataset({"needle": ("strength", [0.1, needle])})
    assert induction.half(claim("C-AR-3"), found).state == state


@pytest.mark.parametrize("shift, state", [(1.0, "holds"), (6.0, "fails")])
def test_distances_from_the_random_law_are_in_standard_errors(shift, state):
    law = rank.random_accuracy(3, 4)
    accuracy = law + shift * (law * (1 - law) / 500) ** 0.5
    found = xarray.Dataset(
        {"accuracy": (("dimension", "pairs"), [[accuracy]])},
        {"dimension": [3], "pairs": [4]},
        {"draws": 500},
    )
    verdict = ranks.random_law(claim("C-AR-4"), found)
    assert verdict.state == state and verdict.estimate == pytest.approx(shift)


@pytest.mark.parametrize("found, state", [(0, "holds"), (3, "undecided"), (9, "fails")])
def test_missing_the_pair_is_a_share_of_nets(found, state):
    excess = np.where(np.arange(12) < found, 0.01, 0.11)
    nets = xarray.Dataset({"excess": (("matched", "seed"), excess[None])}, {"matched": [0.5]})
    assert sinks.pair_is_missed(claim("C-AR-24"), nets).state == state


NETS = 16
WELL = {"learned": NETS, "nets": NETS}
SPREAD = np.linspace(-0.01, 0.01, NETS)
BY_HEAD = ("seed", "layer", "head")


def nets(attrs=WELL, **parts):
    """Nets that learned, with the values given (seed first)."""
    found = {name: (dims, np.asarray(values, float)) for name, (dims, values) in parts.items()}
    return xarray.Dataset(found, attrs=attrs)


@pytest.mark.parametrize(
    "context, memory, attrs, state",
    [
        (0.2, 0.9, WELL, "holds"),
        (0.5, 0.9, WELL, "fails"),
        (0.2, 0.7, WELL, "fails"),
        (0.2, 0.9, {"learned": 7, "nets": NETS}, "fails"),
    ],
)
def test_recall_is_lost_and_the_weights_stay(context, memory, attrs, state):
    found = nets(
        attrs, own_context=("seed", context + SPREAD), own_memory=("seed", memory + SPREAD)
    )
    assert retrieval.lost(claim("C-AR-7"), found).state == state


def test_one_net_that_still_recalls_is_enough_to_fail():
    context = 0.2 + SPREAD
    context[3] = 0.61
    found = nets(own_context=("seed", context), own_memory=("seed", 0.9 + SPREAD))
    assert retrieval.lost(claim("C-AR-7"), found).state == "fails"


@pytest.mark.parametrize("context, state", [(0.88, "holds"), (0.85, "undecided"), (0.8, "fails")])
def test_others_can_go(context, state):
    found = nets(own_context=("seed", context + SPREAD))
    assert retrieval.kept(claim("C-AR-8"), found).state == state


@pytest.mark.parametrize("without, state", [(0, "holds"), (1, "undecided"), (8, "fails")])
def test_a_net_has_a_sender_that_looks_back(without, state):
    chosen, previous = np.zeros((NETS, 2, 3)), np.full((NETS, 2, 3), 0.4)
    chosen[without:, 0, 1], previous[:, 0, 1] = 1, 0.6
    previous[:, 1, 1] = 0.9  # looks back too, and is not chosen
    found = nets(chosen=(BY_HEAD, chosen), previous=(BY_HEAD, previous))
    assert retrieval.sent(claim("C-AR-9"), found).state == state


@pytest.mark.parametrize(
    "mixed, context, state", [(0.0, 0.97, "holds"), (0.0, 0.9, "fails"), (0.8, 0.97, "fails")]
)
def test_scores_are_compared_with_those_at_the_trained_length(mixed, context, state):
    rng = np.random.default_rng(0)
    base = rng.uniform(size=(NETS, 2, 4))
    scores = np.stack([base, (1 - mixed) * base + mixed * rng.uniform(size=base.shape)], axis=1)
    accuracy = np.stack([np.ones(NETS), context + SPREAD], axis=1)
    found = nets(
        WELL | {"trained": 4},
        retrieval=(("seed", "pairs", "layer", "head"), scores),
        context=(("seed", "pairs"), accuracy),
        base=(BY_HEAD, base),
    ).assign_coords(pairs=[4, 6])
    assert retrieval.intrinsic(claim("C-AR-10"), found).state == state


@pytest.mark.parametrize(
    "heads, attrs, state",
    [(0, WELL, "holds"), (1, WELL, "fails"), (0, {"learned": 0, "nets": NETS}, "fails")],
)
def test_the_share_of_heads_that_retrieve(heads, attrs, state):
    retrieves = np.zeros((NETS, 2, 4))
    retrieves[:, 1, :heads] = 1
    found = nets(attrs, retrieves=(BY_HEAD, retrieves))
    assert retrieval.sparse(claim("C-AR-11"), found).state == state


@pytest.mark.parametrize(
    "six, four, state", [(0.97, 0.9, "holds"), (0.9, 0.9, "fails"), (0.97, 0.8, "fails")]
)
def test_ranks_are_held_against_the_law(six, four, state):
    assert rank.random_accuracy(4, 4) == pytest.approx(0.848, abs=1e-3)
    values = np.array([0.1, four, six, 1.0]) + SPREAD[:, None] / 2
    found = nets(WELL | {"pairs": 4}, context=(("seed", "rank"), values))
    found = found.assign_coords(rank=[2, 4, 6, 8])
    assert compression.few_dimensions(claim("C-AR-19"), found).state == state


@pytest.mark.parametrize(
    "shift, slope, state", [(0.0, 1.0, "holds"), (0.08, 1.0, "fails"), (0.0, 1.3, "fails")]
)
def test_calibration_is_asked_at_every_c_and_of_the_slope(shift, slope, state):
    chances = np.array([0.3, 0.5, 0.9])
    odds = np.log(chances / (1 - chances))
    dims = ("follows", "seed")
    chance, margins = chances[:, None] + SPREAD, slope * odds[:, None] + SPREAD
    along = nets(
        chance=(dims, chance), difference=(dims, margins), context=(dims, np.ones((3, NETS)))
    ).assign_coords(follows=chances)
    alone = along.isel(follows=[1]) + 0.0
    alone = alone.assign(chance=alone.chance + shift)
    assert conflict.calibrated(claim("C-AR-13"), along, alone).state == state


def late(wrong, law=1.0):
    """Heads whose contribution leaves a margin of `law`, of which one in some nets goes wrong."""
    favours = np.full((NETS, 4), 0.9)
    favours[:wrong, 0] = 0.1
    direct = np.full((NETS, 4), 2 - law)
    parts = {"direct": (("seed", "head"), direct), "cut_favours": (("seed", "head"), favours)}
    return nets(difference=("seed", np.full(NETS, 2.0)), **parts)


@pytest.mark.parametrize("wrong, state", [(0, "holds"), (NETS, "fails")])
def test_the_rule_is_about_signs(wrong, state):
    verdict = flipping.follows_the_rule(claim("C-AR-15"), late(wrong))
    assert verdict.state == state
    assert verdict.detail["right"] == 4 * NETS - wrong and verdict.detail["far"] == 4 * NETS


@pytest.mark.parametrize(
    "conflict_, context, memory, state",
    [(0.1, 0.9, 0.95, "holds"), (0.3, 0.9, 0.95, "fails"), (0.1, 0.7, 0.95, "fails"),
     (0.1, 0.9, 0.8, "fails")],
)  # fmt: skip
def test_one_head_flips_and_spares(conflict_, context, memory, state):
    parts = {"answers": conflict_, "context": context, "memory": memory}
    found = nets(**{f"cut_{name}": ("seed", value + SPREAD) for name, value in parts.items()})
    assert flipping.one_head(claim("C-AR-16"), found).state == state


def test_the_head_that_is_picked_is_each_net_s_own():
    direct = np.array([[3.0, -1.0, 0.0], [0.0, 1.0, 2.0]])
    answers = np.array([[0.1, 0.9, 0.5], [0.6, 0.7, 0.2]])
    dims = ("seed", "head")
    found = nets(direct=(dims, direct), cut_answers=(dims, answers), answers=("seed", [0.5, 0.6]))
    assert flipping.picked(found, most=True).cut_answers.values.tolist() == [0.1, 0.2]
    assert flipping.picked(found, most=False).cut_answers.values.tolist() == [0.9, 0.6]
    np.testing.assert_allclose(conflict.moved(found)[0], [-0.4, 0.4, 0.0])
    assert conflict.memory_like(found).tolist() == [[False, True, False], [False] * 3]


@pytest.mark.parametrize(
    "context, memory, state", [(-0.4, 0.2, "holds"), (-0.2, 0.2, "fails"), (-0.4, 0.0, "fails")]
)
def test_both_ways(context, memory, state):
    found = nets(context=("seed", context + SPREAD), memory=("seed", memory + SPREAD))
    found.memory[9:] = np.nan  # these have no memory-like head
    verdict = conflict.both_ways(claim("C-AR-17"), found)
    assert verdict.state == state and verdict.detail["nets that learned"] == "16 of 16"


def test_late_heads_of_all_nets_and_c_are_put_together():
    dims, heads = ("follows", "seed"), ("follows", "seed", "layer", "head")
    direct = np.arange(2 * 3 * 2 * 2.0).reshape(2, 3, 2, 2)
    found = nets(context=(dims, [[1, 1, 0.5], [1, 1, 1]]), direct=(heads, direct))
    every = flipping.every(found.assign_coords(follows=[0.3, 0.9]))
    assert every.attrs == {"learned": 5, "nets": 6} and "layer" not in every.dims
    expected = np.concatenate([direct[0, :2, 1], direct[1, :, 1]])
    np.testing.assert_array_equal(every.direct.transpose("seed", "head"), expected)


@pytest.mark.parametrize(
    "late, early, state", [(1, -1, "holds"), (1, 1, "fails"), (-1, -1, "fails")]
)
def test_contributions_rank_late_heads(late, early, state):
    direct = np.array([[1.0, 2.0, 3.0, 4.0], [1.5, 2.5, 3.5, 4.5]])
    effect = direct * np.array([[early], [late]])
    both = {
        name: (BY_HEAD, np.tile(value, (NETS, 1, 1)))
        for name, value in (("direct", direct), ("effect", effect))
    }
    assert contribution.ranked(claim("C-AR-18"), nets(**both)).state == state


def test_nets_that_learned_are_counted():
    found = nets(context=("seed", np.where(np.arange(NETS) < 5, 0.94, 0.96)))
    kept = learned(found)
    assert kept.attrs == {"learned": 11, "nets": NETS} and kept.sizes["seed"] == 11
    none = learned(found.assign(context=0 * found.context))
    assert none.attrs["learned"] == 0 and none.sizes["seed"] == NETS


@pytest.mark.parametrize("error, state", [(0.005, "holds"), (0.02, "fails")])
def test_attention_is_asked_in_many_dimensions_only(error, state):
    dims = ("pairs", "dimension", "score")
    law = np.full((1, 2, 1), 0.5)
    attention = law + np.array([0.3, error])[None, :, None]
    found = nets(attention=(dims, attention), predicted=(dims, law))
    found = found.assign_coords(dimension=[8, 32])
    assert interference.on_the_sphere(claim("C-AR-5"), found).state == state


@pytest.mark.parametrize(
    "error, count, state", [(0.02, 3, "holds"), (0.05, 3, "fails"), (0, 5, "fails")]
)
def test_stores_are_held_against_both_laws(error, count, state):
    facts = nets(accuracy=("store", [0.5 + error]), predicted=("store", [0.5]))
    share = 0.4 + count * (0.24 / 100) ** 0.5
    signs = nets({"draws": 100}, share=("store", [share]), predicted=("store", [0.4]))
    verdict = interference.stores(claim("C-AR-6"), facts, signs)
    assert verdict.state == state


@pytest.mark.parametrize("ratio, state", [(1.0005, "holds"), (0.998, "fails")])
def test_ties(ratio, state):
    found = nets(found=("start", [2 * ratio, 3.0]), predicted=("start", [2.0, 3.0]))
    assert race.ties(claim("C-AR-33"), found).state == state


@pytest.mark.parametrize(
    "ratio, power, score, state",
    [
        (1.005, 2, 1.0, "holds"),
        (1.02, 2, 1.0, "fails"),
        (1, 1.8, 1.0, "fails"),
        (1, 2, 1.1, "fails"),
    ],
)
def test_doses(ratio, power, score, state):
    seen = nets(found=("dose", [0.1 * ratio, 0.5]), predicted=("dose", [0.1, 0.5]))
    doses = np.array([8.0, 16.0, 32.0])
    layers = np.repeat(doses[:, None] ** power, 2, axis=1)
    alive = nets(layers=(("dose", "draw"), layers)).assign_coords(dose=doses)
    scored = nets(found=("dose", [1.0 * score, -2.0]), predicted=("dose", [1.0, -2.0]))
    assert norm.dose_law(claim("C-AR-26"), seen, alive, scored).state == state


def test_theory_speaks_of_the_task_that_nets_are_trained_on():
    task, mix = Recall().task, MIXES[Recall().mix]
    assert (task.pairs, task.values) == SETTING
    assert mix[CONFLICT] == CONFLICTS and sum(mix.values()) == pytest.approx(1)
