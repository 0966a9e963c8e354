"""Verdicts of the room on findings at and beyond the edges of their bounds."""

import numpy as np
import pytest
import xarray

from figures.associative_recall import induction, ranks, sinks
from theory.associative_recall import one_layer, rank
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
