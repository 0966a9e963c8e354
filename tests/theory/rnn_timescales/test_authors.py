"""Published numbers against what else is known of them, so that one mistyped is seen.

What is held is said twice by the sources themselves (a sum, a mean, a turn beside its curve), or is
bound by what it is: a count of units, a curve that falls, a uniform draw of 500.
"""

import copy
import types

import numpy as np
import pytest
import scipy.stats

from theory.rnn_timescales import authors
from theory.rnn_timescales.setting import MULTI, SINGLE

BOTH = (SINGLE, MULTI)
# Every number of these, moved by a tenth either way, breaks a statement below. Of the others it
# does so only of some: they have no second source here.
HELD = {
    "UNITS", "INITIAL_TAU", "INITIAL_SPREAD", "INITIAL_NORM", "INITIAL_RADIUS", "FIRST_N",
    "MEAN_TAU", "SPREAD", "LARGEST_TAU", "ABSORBED", "NORM", "SUMMED_WEIGHT", "GAP", "EPOCHS",
    "ALL_EPOCHS", "FIRST_LOSSES", "FIRST_LOSSES_AGAIN", "PLOTTED_FIRST", "PLOTTED_TAU",
    "PLOTTED_TURN", "PLOTTED_ORDER", "PLOTTED_ORDER_PAST_TURN", "PLOTTED_TAU_MULTI",
    "LARGEST_OF_ALL", "SINGLE_SOLVED", "SINGLE_SOLVED_FIXED", "ABLATED", "ABLATED_RELATIVE",
    "HALF_STRENGTHS", "HALF_STRENGTH",
}  # fmt: skip


def start(a):
    """tau ~ U(1, 2) and W ~ U(-H^-1/2, H^-1/2) of 500 units, and nets that hardly moved yet."""
    yield abs(a.INITIAL_TAU - 1.5) < 3 * (1 / 12 / a.UNITS) ** 0.5
    yield abs(a.INITIAL_SPREAD - 12**-0.5) < 0.02
    yield abs(a.INITIAL_NORM / (a.UNITS / 3) ** 0.5 - 1) < 0.01
    yield abs(a.INITIAL_RADIUS * 3**0.5 - 1) < 0.05
    for first, begun in ((a.MEAN_TAU, a.INITIAL_TAU), (a.NORM, a.INITIAL_NORM)):
        yield first[SINGLE][0] == first[MULTI][0]
        yield abs(first[SINGLE][0] / begun - 1) < 0.01
    yield a.SPREAD[SINGLE][0] == a.SPREAD[MULTI][0]
    yield abs(a.SPREAD[SINGLE][0] - a.INITIAL_SPREAD) < 0.01


def curves(a):
    """Falls, rises and counts by N; a second difference tells a number that sticks out."""
    for name in BOTH:
        for values, sign, bend in ((a.MEAN_TAU, -1, 0.015), (a.SPREAD, 1, 0.004), (a.NORM, 1, 0.5)):
            yield (sign * np.diff(values[name]) > 0).all()
            yield np.abs(np.diff(values[name], 2)).max() < bend
        yield len(a.MEAN_TAU[name]) == 10
        yield (np.diff(a.LARGEST_TAU[name]) >= 0).all()
        yield min(a.LARGEST_TAU[name]) >= 2 and max(a.LARGEST_TAU[name]) < 2.05
        count = np.array(a.ABSORBED[name]) * a.UNITS
        yield np.allclose(count, count.round(), atol=1e-6)
        yield (np.diff(count) > 0).all()
        yield (np.diff(a.MEAN_WEIGHT[name]) <= 0).all() and max(a.MEAN_WEIGHT[name]) < 0
        # a mean weight to four places, over all but the unit itself
        summed = (a.UNITS - 1) * a.MEAN_WEIGHT[name][-1]
        yield abs(summed - a.SUMMED_WEIGHT[name]) < 0.03
    yield a.ABSORBED[SINGLE][0] == a.ABSORBED[MULTI][0]
    yield abs(a.MEAN_TAU[SINGLE][-1] - a.MEAN_TAU[MULTI][-1] - a.GAP) < 0.001
    yield a.FIRST_N == 2


def logs(a):
    for name in BOTH:
        yield sum(a.EPOCHS[name]) == a.ALL_EPOCHS[name]
        yield np.allclose(a.FIRST_LOSSES[name], a.FIRST_LOSSES_AGAIN[name], rtol=0.02)
        yield a.FIRST_LOSSES[name][0] == a.FIRST_LOSSES[SINGLE][0]


def plots(a):
    tau = np.array(a.PLOTTED_TAU)
    n = a.PLOTTED_FIRST + np.arange(len(tau))
    yield n[-1] == 30
    yield tuple(n[tau == tau.min()]) == tuple(a.PLOTTED_TURN)
    yield round(scipy.stats.spearmanr(n, tau)[0], 2) == a.PLOTTED_ORDER
    late = n >= a.PLOTTED_TURN[1]
    yield round(scipy.stats.spearmanr(n[late], tau[late])[0], 2) == a.PLOTTED_ORDER_PAST_TURN
    yield np.abs(np.diff(tau, 2)).max() < 0.02
    ten, multi = np.array(list(a.PLOTTED_TAU_MULTI.items())).T
    yield (np.diff(ten) == 10).all() and ten[0] == 10
    yield (np.diff(multi) < 0).all() and np.abs(np.diff(multi, 2)).max() < 0.03
    # the plot's four nets and the checkpoint's one
    yield abs(multi[0] - a.MEAN_TAU[MULTI][10 - a.FIRST_N]) < 0.03


def solved(a):
    for name in BOTH:
        for nets in a.LARGEST_SOLVED[name].values():
            yield len(nets) == 4 and np.ptp(nets) <= 6 and max(nets) <= a.LARGEST_OF_ALL
    yield max(max(nets) for nets in a.LARGEST_SOLVED[MULTI].values()) == a.LARGEST_OF_ALL
    single = {kind: np.mean(nets) for kind, nets in a.LARGEST_SOLVED[SINGLE].items()}
    yield abs(single.pop("trained") - a.SINGLE_SOLVED) < 1
    yield abs(max(single.values()) - a.SINGLE_SOLVED_FIXED) < 1


def damage(a):
    for name in BOTH:
        found, relative = a.ABLATED[name], a.ABLATED_RELATIVE[name]
        # relative to the largest of the intact runs: the same whichever unit was removed
        tops = [(found[side] - 0.5) / relative[side] for side in ("short", "long")]
        yield abs(tops[0] - tops[1]) < 0.002
        yield 0 <= np.mean(tops) + 0.5 - found["intact"] < 0.015
        for what in ("recurrent", "timescale"):
            halves = a.HALF_STRENGTHS[what][name]
            yield abs(np.mean(halves) - a.HALF_STRENGTH[what][name]) < 0.001
            strength, left = np.array(list(a.PERTURBED[what][name].items())).T
            yield (np.diff(strength) > 0).all() and (np.diff(left) < 0).all()
            yield left[0] < 1 and left[-1] > -0.02
            half = np.exp(np.interp(-0.5, -left, np.log(strength)))
            yield abs(half / a.HALF_STRENGTH[what][name] - 1) < 0.015


STATEMENTS = (start, curves, logs, plots, solved, damage)


@pytest.mark.parametrize("about", STATEMENTS, ids=lambda about: about.__name__)
def test_what_is_said_of_the_numbers_holds(about):
    assert all(about(authors))


def numbers():
    return {k: v for k, v in vars(authors).items() if k.isupper() and k not in ("SINGLE", "MULTI")}


def leaves(value, path=()):
    """Where each number stands: keys and places from the name on."""
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in leaves(inner, (*path, key))]
    if isinstance(value, tuple | list):
        return [leaf for place, inner in enumerate(value) for leaf in leaves(inner, (*path, place))]
    return [path]


def mistyped(path, factor):
    """The numbers, the one at `path` a tenth more or less, at least 1 if it is a whole number."""
    changed = {name: plain(value) for name, value in copy.deepcopy(numbers()).items()}
    place = changed
    for key in path[:-1]:
        place = place[key]
    old = place[path[-1]]
    more = factor * old
    if isinstance(old, int):
        more = round(more) or round(factor / abs(factor))
    place[path[-1]] = old + more
    return types.SimpleNamespace(**changed)


def plain(value):
    """With lists in the place of tuples, to change a number in them."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, tuple) else value


def noticed(path):
    def broken(about, a):
        try:
            return not all(about(a))
        except (ValueError, IndexError, ZeroDivisionError, FloatingPointError):
            return True

    both = (mistyped(path, factor) for factor in (0.1, -0.1))
    return all(any(broken(about, a) for about in STATEMENTS) for a in both)


@pytest.mark.filterwarnings("ignore")
def test_a_mistyped_number_is_noticed():
    unnoticed = {path[0] for path in leaves(numbers()) if not noticed(path)}
    assert numbers().keys() - unnoticed == HELD
