"""Ten-line experiments whose results are known in closed form, to hold the engine against.

Run as a script (`python toy.py RESULTS [SWEEP]`), it computes a sweep with a checkpoint at every
chunk, so that a test may kill it anywhere.
"""

import sys

import jax
import jax.numpy as jnp
import optax

from sims.engine.experiment import Experiment, static, traced
from sims.engine.optimisers import optimiser

TRACES = []


class Quadratic(Experiment):
    """Noisy gradient descent on curvature * x^2 / 2; without noise x_t = prod(1 - a lr_t) x_0."""

    may_diverge = True
    dims = {"x": ("coordinate",)}

    size: int = static(default=3, help="coordinates", ge=1)
    optimiser: str = static(default="sgd", help="kind", choices=("adam", "sgd", "nesterov"))
    learning_rate: float = traced(default=0.1, help="rate", gt=0)
    final_fraction: float = traced(default=1.0, help="last rate over first", ge=0, le=1)
    momentum: float = traced(default=0.0, help="momentum", ge=0, lt=1)
    curvature: float = traced(default=1.0, help="a")
    noise: float = traced(default=0.0, help="sd of the gradient's noise", ge=0)

    def _optimiser(self):
        return optimiser(
            self.optimiser,
            self.learning_rate,
            steps=self.steps,
            final_fraction=self.final_fraction,
            momentum=self.momentum,
        )

    def init(self, key):
        x = jax.random.normal(key, (self.size,), self.precision)
        return x, self._optimiser().init(x)

    def step(self, state, key):
        TRACES.append(self.size)
        x, memory = state
        noise = self.noise * jax.random.normal(key, x.shape, x.dtype)
        change, memory = self._optimiser().update(self.curvature * x + noise, memory, x)
        return (optax.apply_updates(x, change), memory), {"loss": self.curvature * x @ x / 2}

    def observe(self, state, key):
        return {"x": state[0]}


class Quadratic64(Quadratic):
    """The same in float64."""

    precision = "float64"


class QuadraticAlone(Quadratic):
    """The same, one run on a device at a time."""

    alone = True


class Patient(Quadratic):
    """Stops at the first log point at which |x| < tolerance."""

    tolerance: float = traced(default=1e-3, help="stop below", gt=0)

    def advance(self, state, observed):
        return state, jnp.abs(observed["x"]).max() < self.tolerance


class Staged(Patient):
    """Keeps x each time that |x| has fallen by a decade, and stops at the last one kept."""

    decades: int = static(default=3, help="stages", ge=1)
    dims = {"x": ("coordinate",), "at": ("coordinate",)}

    @property
    def stages(self):
        return self.decades

    def _decade(self, observed):
        return jnp.floor(-jnp.log10(jnp.abs(observed["x"]).max())).astype("int32") - 1

    def keep(self, state, observed):
        stage = self._decade(observed)
        return jnp.where(stage < self.decades, stage, -1), {"at": state[0]}

    def advance(self, state, observed):
        return state, self._decade(observed) >= self.decades - 1


def staged():
    """Runs of very different lengths: batches shrink twice."""
    from sims.engine.sweep import Sweep

    rates = (0.02, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
    return Sweep(Staged(steps=400, log_every=10, noise=1e-5), {"learning_rate": rates})


def sweep():
    """Five runs in batches of four at most: one padded batch, many chunks."""
    from sims.engine.sweep import Sweep

    base = Quadratic(steps=400, log_every=10, noise=0.1, optimiser="adam", momentum=0.9, size=40)
    return Sweep(base, {"learning_rate": (0.01, 0.1)}, seeds=5)


def main(results, sweeps):
    """Compute `sweeps` into `results`, a checkpoint at every chunk; the exit code."""
    from sims.engine import plan
    from sims.engine.cli import FINISHED, guarded
    from sims.engine.execute import run
    from sims.engine.store import Store

    plan.CPU_WIDTH = 2

    def command():
        run([globals()[name]() for name in sweeps], Store(results), checkpoint_every=0.0)
        return FINISHED

    return guarded("toy", command)


if __name__ == "__main__":
    from tests.sims.engine import toy  # under its own name: __main__ is another experiment

    sys.exit(toy.main(sys.argv[1], sys.argv[2:] or ["sweep"]))
