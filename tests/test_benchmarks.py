"""The benchmarks' two sides agree, and floors count what they should; times are not asserted."""

import itertools
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray

from benchmarks import accelerator, icl_training, moment_form, reduced_flow, rnn_training, scaling
from benchmarks.__main__ import entry, main, table
from benchmarks.measure import Ceilings, Row, Work, alternate, floor
from theory.icl_regression.flow import gradient_flow
from theory.icl_regression.setting import SETTING

CEILINGS = Ceilings(single=2.0, double=1.0, bandwidth=4.0, word=3.0, inverse=5.0, normal=8.0)


def test_moments_and_tokens_have_one_gradient():
    assert moment_form.disagreement(prompts=16) < 1e-10


def test_both_flows_take_one_path():
    times = np.linspace(0.0, 5.0, 6)
    omega, mu = reduced_flow.starts(2)
    with jax.enable_x64(True):
        ours = [
            np.concatenate(gradient_flow(*map(jnp.asarray, (a, b, times)), SETTING), axis=-1)
            for a, b in zip(omega, mu, strict=True)
        ]
    theirs, evaluations = reduced_flow.theirs(omega, mu, times)
    np.testing.assert_allclose(np.stack(ours), theirs, atol=1e-6)
    assert evaluations > 0


def test_a_wrong_name_gives_one_line_with_the_nearest(capsys):
    assert main(["icl_trainin"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "did you mean 'icl_training'?" in said


@pytest.mark.parametrize(
    "words, reason",
    [
        (["icl_training", "--figure", "f.png"], "only scaling draws"),
        (["scaling", "--figure", "f.xyz"], "expected a name that ends in .png, .pdf, .svg"),
        (["scaling", "--figure", "nowhere/f.png"], "there is no folder nowhere"),
    ],
)
def test_what_cannot_be_drawn_is_refused_at_once(capsys, words, reason):
    assert main(words) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and reason in said


def test_a_slope_is_the_exponent_of_a_power():
    assert scaling.slope((1, 2, 4), [5.0, 5 * 2**1.5, 5 * 4**1.5]) == pytest.approx(1.5)


def test_operations_of_a_training_step_are_those_of_its_loops():
    """Loop by loop, a product with its addition as two."""
    heads, prompts, length, d = 2, 3, 4, 5
    e, count = d + 1, 0
    for _ in range(prompts):
        count += 2 * len(list(itertools.product(range(length), range(d)))) + 2 * d  # labels, target
        for _ in range(heads):
            pairs = len(list(itertools.product(range(length), range(e))))
            matrix = len(list(itertools.product(range(e), range(d))))
            count += 2 * matrix + 2 * pairs + 3 * length + 2 * pairs + 2 * e
            count += 2 * pairs + 3 * length + 2 * pairs + 2 * matrix + 2 * e
    work = icl_training.work(heads, prompts, length, d)
    assert work.single == count
    data = icl_training.training(heads=heads, prompts=prompts, length=length, dimension=d).sample(
        jax.random.key(0)
    )
    # and beta, which the prompts do not show, and the noise of labels in place of the labels
    assert work.normals == sum(part.size for part in data) + prompts * d


def test_operations_of_a_recurrent_step_are_three_products_a_bit():
    lengths = list(rnn_training.LENGTHS)
    products = sum(3 * 2 * 4 * 4 * 3 for length in lengths for _ in range(length))
    work = rnn_training.work(4, 3)
    assert work.single == pytest.approx(products / len(lengths))
    # a word for each bit, each unit that starts, and each stream's p
    assert work.words == pytest.approx(3 * (sum(lengths) / len(lengths) + 4 + 1))


def test_a_floor_adds_the_core_s_work_and_lets_memory_work_beside_it():
    work = Work(single=20, double=3, bytes=0, normals=2, words=1)
    assert floor(work, CEILINGS) == pytest.approx(1e-6 * (10 + 3 + 16 + 3))
    assert floor(work._replace(bytes=400), CEILINGS) == pytest.approx(1e-6 * 100)


def test_a_side_that_is_not_installed_leaves_a_blank():
    times = alternate({"ours": lambda: 0.002, "theirs": None}, rounds=2)
    row = Row("work", times["ours"], "PyTorch", times["theirs"], Work(single=2e6))
    shown = table([entry(row, CEILINGS)])
    assert "not installed" in shown and row.ratios() is None


def test_a_ratio_comes_with_its_spread():
    row = Row("work", [1.0, 2.0], "other", [6.0, 4.0])
    assert row.ratios() == (4.0, 2.0, 6.0)


def test_the_accelerator_s_script_runs_on_a_cpu_at_toy_size(tmp_path, capsys):
    sweeps = ["icl_regression.linear"]
    words = [str(tmp_path), "--most", "2", "--sweeps", *sweeps]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(accelerator, "recurrent", lambda: {"runs": 2, "step_ms": 3.0})
        assert accelerator.main(words) == 0
    found = json.loads((tmp_path / "accelerator.json").read_text())
    assert found["compared"] == {"icl_regression.linear": 0.0}  # both sides are the CPU
    (row,) = found["widths"]
    hours = row["step_ms"] / 1e3 * 500_000 * 1000 / row["runs"] / 3600
    assert row["thousand_runs_h"] == pytest.approx(hours) and row["predicted_bytes"] > 0
    assert (tmp_path / "accelerator.png").exists()
    said = capsys.readouterr().out
    assert "1 smoke sweeps compared with the CPU, 0 apart" in said and "267 h" in said


def test_deviations_are_relative_and_a_lost_number_is_infinite():
    expected = xarray.Dataset({"a": ("x", [1.0, -4.0]), "b": ("x", [np.nan, 1e-9])})
    found = expected.assign(a=expected.a + 0.02)
    assert accelerator.deviation(found, expected) == pytest.approx(0.005)
    assert accelerator.deviation(expected.fillna(0.0), expected) == np.inf
