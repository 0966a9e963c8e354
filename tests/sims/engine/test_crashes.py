"""From every state that a crash may leave of a store, the same command ends with the same arrays.

Nothing is deleted by hand, and nothing is left over.
"""

import re
import warnings

import jax
import numpy as np
import pytest
import xarray

from sims.engine import leftovers, plan
from sims.engine.execute import run
from sims.engine.store import Store
from sims.engine.sweep import Sweep
from sims.engine.tables import table
from tests.sims.engine.crashes import Recorded, crashes, found, left_by, made
from tests.sims.engine.toy import Quadratic, QuadraticAlone


def last(data):
    """A table: the last losses."""
    return xarray.Dataset({"last": data.loss.isel(step=-1)})


SETTINGS = dict(steps=2, log_every=1, noise=0.1, size=2, optimiser="adam", momentum=0.9)
DEVICES = len(jax.devices())
# One batch; two batches of which the last is short; two runs a device, one after the other.
SWEEPS = {
    "one batch": Sweep(Quadratic(**SETTINGS), seeds=1),
    "two batches": Sweep(Quadratic(**SETTINGS), seeds=2 * DEVICES - 1),
    "alone": Sweep(QuadraticAlone(**SETTINGS), seeds=2 * DEVICES),
}


def command(root, sweep):
    """A sweep with a checkpoint at every chunk, and a table of it, as what they hold."""
    store = Store(root)
    run([sweep], store, quiet=True, checkpoint_every=0.0)
    made = table(store, last, sweep, quiet=True)
    parts = [store.read(path) for path, _ in store.records("runs", sweep.name)]
    return {run: part.sel(run=run) for part in parts for run in part.run.values}, made


def same(one, other):
    (runs, made), (others, again) = one, other
    assert runs.keys() == others.keys()
    for left, right in [(made, again), *((runs[id], others[id]) for id in runs)]:
        assert left.variables.keys() == right.variables.keys()
        for name in left.variables:
            np.testing.assert_array_equal(left[name], right[name])


def orderly(root):
    """Only what a command leaves that was never interrupted."""
    kinds = (
        r"lemmax-store\.json|plans(/\w+\.json)?|partial(/[\w.]+(/lock)?)?|runs|tables|"
        r"(runs|tables)/[\w.]+(/\w+\.json|/\w+\.\w+\.nc)?"
    )
    names = found(root).keys()
    assert not [name for name in names if not re.fullmatch(kinds, name)]
    data = [name for name in names if name.endswith(".nc")]
    assert {name.partition(".nc")[0].rpartition(".")[0] + ".json" for name in data} <= names
    assert len(data) == sum(bool(re.match("(runs|tables)/.*json", name)) for name in names)


@pytest.mark.parametrize(
    "name", ["one batch", *(pytest.param(n, marks=pytest.mark.slow) for n in list(SWEEPS)[1:])]
)
def test_every_crash_is_survived(name, quickly, tmp_path, monkeypatch):
    monkeypatch.setattr(plan, "CPU_WIDTH", 1)
    sweep, first = SWEEPS[name], tmp_path / "first"
    with Recorded(first)() as recorded:
        expected = command(first, sweep)
    after = {name: content for name, content in found(first).items() if "/lock" not in name}
    assert left_by(recorded.changes) == after, "the recorder saw every change"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that something is damaged, and made again
        for number, tree in enumerate(crashes(recorded.changes)):
            root = made(tree, tmp_path / str(number))
            same(command(root, sweep), expected)
            with monkeypatch.context() as patch:
                patch.setattr(leftovers, "OLD", -1.0)
                run([sweep], Store(root), quiet=True)
            orderly(root)
    assert number > 2 * len(recorded.changes)
