"""Verdicts of the room on made-up stages at and beyond the edges of their bounds."""

import numpy as np
import pytest
import xarray

from figures.rnn_timescales import authors as figure
from figures.rnn_timescales import epochs, fixed, retraining, sizes, timescales
from figures.rnn_timescales.broken import as_theirs, solved, turning
from sims.rnn_timescales import tasks, training
from theory.claims import claim
from theory.rnn_timescales import authors, setting

N = np.arange(2, 13)


def stages(single, multi, widen=0.0):
    """Mean tau by N of both curricula, 12 seeds; units spread by .3 and `widen` more a step."""
    rng = np.random.default_rng(0)
    mean = np.stack([single, multi])[:, None, :] + 0.005 * rng.normal(size=(2, 12, len(N)))
    width = np.stack([0.3 + widen * (N - 2), 0.3 + 0 * N])[:, None, :, None]
    tau = mean[..., None] + width * np.array([-1.0, 0, 0, 1])
    return xarray.Dataset(
        {
            "tau": (("forget", "seed", "n", "unit"), tau),
            "solved": (("forget", "seed", "n"), np.broadcast_to(N * 1.0, mean.shape)),
        },
        {"forget": [1, 0], "seed": range(12), "n": N},
    )


RISING, FALLING = 1.45 + 0.01 * (N - 5) ** 2, 1.5 - 0.03 * (N - 2)


def test_rise_fall_and_gap_of_time_constants():
    found = stages(RISING, FALLING, widen=0.05)
    swapped = stages(FALLING, RISING)
    one = timescales.tau_rises(claim("C-RNN-1"), found)
    assert one.state == "holds" and one.estimate == pytest.approx(0.49, abs=0.02)
    assert timescales.tau_rises(claim("C-RNN-1"), swapped).state == "fails"
    assert timescales.tau_spreads(claim("C-RNN-2"), found).state == "holds"
    assert timescales.tau_spreads(claim("C-RNN-2"), stages(RISING, FALLING)).state == "fails"
    assert timescales.tau_falls(claim("C-RNN-3"), {"dms": found}).state == "holds"
    assert (
        timescales.tau_falls(claim("C-RNN-3"), {"dms": found, "parity": swapped}).state == "fails"
    )
    gap = timescales.gap_grows(claim("C-RNN-4"), found)
    assert gap.state == "holds" and gap.estimate == pytest.approx(0.74, abs=0.02)
    assert timescales.gap_grows(claim("C-RNN-4"), swapped).state == "fails"


@pytest.mark.parametrize("factor, state", [(3.0, "holds"), (1.0, "fails")])
def test_epochs_are_compared_and_the_cap_counts(factor, state):
    epochs_of = np.stack([factor * N, N])[:, None, :] * np.linspace(0.95, 1.05, 8)[:, None]
    epochs_of[0, :, -1] = np.nan  # single-head never got to the last N
    found = xarray.Dataset(
        {"solved": (("forget", "seed", "n"), epochs_of)}, {"forget": [1, 0], "n": N}
    )
    caps = {"dms": factor * 12.0, "parity": factor * 12.0}
    verdict = epochs.multi_head_is_faster(claim("C-RNN-7"), {"dms": found, "parity": found}, caps)
    assert verdict.state == state and verdict.estimate == pytest.approx(factor, rel=0.01)


def both(*parity, dms=None):
    """Runs of both tasks that solved so much with tau trained, 1, 2 and 3."""
    kinds = ("trained", "1", "2", "3")
    found = {"parity": parity, "dms": dms or parity}
    return {task: solved(dict(zip(kinds, most, strict=True))) for task, most in found.items()}


def test_what_fixed_time_constants_solve():
    multi, single = claim("C-RNN-16"), claim("C-RNN-17")
    good = both(12.0, 12.0, 7.0, 2.0)
    assert fixed.fixed_multi(multi, good).state == "holds"
    assert fixed.fixed_multi(multi, both(12.0, 7.0, 6.0, 5.0)).state == "fails"
    assert fixed.fixed_single(single, good).state == "fails"
    gain = both(35.0, 25.0, 26.0, 24.0)
    found = fixed.fixed_single(single, gain)
    assert found.state == "holds" and found.estimate == 9.0
    one = fixed.fixed_single(single, both(35.0, 25.0, 26.0, 24.0, dms=(12.0, 12.0, 7.0, 2.0)))
    assert one.state == "fails" and one.detail["decided by"] == "trained - best fixed, dms"


def retrained(gains):
    accuracy = np.zeros((2, 8, 3)) + np.linspace(0.7, 0.72, 8)[:, None]
    accuracy[1] += gains  # multi-head
    return xarray.Dataset(
        {"accuracy": (("forget", "seed", "target"), accuracy)},
        {"forget": [1, 0], "target": [6, 8, 10]},
    )


@pytest.mark.parametrize("last, state", [(0.05, "holds"), (0.0, "fails")])
def test_every_larger_n_must_be_gained_and_the_first_does_not_count(last, state):
    verdict = retraining.retrains_better(claim("C-RNN-20"), retrained([-0.5, 0.1, last]))
    assert verdict.state == state and verdict.estimate == pytest.approx(last)


def test_n_star_grows_with_size_or_not():
    up, down = turning((6.0, 7.0, 9.0, 10.0)), turning((10.0, 9.0, 7.0, 6.0))
    assert sizes.turn_grows(claim("C-RNN-5"), up).state == "holds"
    assert sizes.turn_grows(claim("C-RNN-5"), down).state == "fails"
    late = up["dms"].where(up["dms"].seed < 4, down["dms"])
    assert sizes.turn_law(claim("C-RNN-38"), late, 4).state == "fails"
    assert sizes.turn_law(claim("C-RNN-38"), late.isel(seed=slice(0, 4))).state == "holds"
    law = sizes.turn_law(claim("C-RNN-32"), up["parity"])
    slope = np.polyfit(np.log([16, 32, 64, 128]), np.log([6, 7, 9, 10]), 1)[0]
    assert law.state == "holds" and law.estimate == pytest.approx(slope, abs=0.02)
    assert sizes.turn_law(claim("C-RNN-38"), down["dms"]).state == "fails"


@pytest.mark.parametrize("moved, state", [(1.0, "holds"), (0.5, "fails"), (0.0, "fails")])
def test_falls_are_held_against_the_checkpoints(moved, state):
    verdict = figure.falls_agree(claim("C-RNN-36"), as_theirs(moved=moved)[1])
    assert verdict.state == state
    largest = max(authors.fall(name, 11) for name in (setting.SINGLE, setting.MULTI))
    assert verdict.estimate == pytest.approx((moved - 1) * largest, abs=1e-9)


def test_noisier_seeds_do_not_agree_more_easily():
    """With ten times the scatter nothing is decided, where it fails with little."""
    _, sweep = as_theirs(moved=0.5)
    apart = sweep.raw_timescale - sweep.raw_timescale.mean("seed")
    noisy = sweep.assign(raw_timescale=sweep.raw_timescale + 30 * apart)
    assert figure.falls_agree(claim("C-RNN-36"), sweep).state == "fails"
    assert figure.falls_agree(claim("C-RNN-36"), noisy).state == "undecided"


def test_losses_are_held_against_the_logs():
    assert figure.losses_agree(claim("C-RNN-37"), *as_theirs()).state == "holds"
    averaged = figure.losses_agree(claim("C-RNN-37"), *as_theirs(averaged=True))
    assert averaged.state == "fails" and "multi-head" in averaged.detail["decided by"]


def test_both_layers_mean_the_same_model():
    """Theory and sims do not import each other: the constants that both have are held here."""
    assert (setting.SMALLEST, setting.THRESHOLD) == (tasks.SMALLEST, training.THRESHOLD)
    from sims.rnn_timescales.model import SLOPE

    assert setting.SLOPE == SLOPE
