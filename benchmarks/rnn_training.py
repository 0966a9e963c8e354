"""Training cost per net and step on one core, side by side with a straightforward PyTorch loop.

The work: leaky nets (nonlinearity outside) on parity with p ~ U(0, 1) for every stream, heads
N = 2 .. 5 all asked, summed cross-entropy, global norm clipped at 2, SGD of rate .1 with Nesterov
momentum .1. Every step of a net has fresh streams of one length M, uniform on N + 2 .. 4 N + 1.
Both train one net at a time, which on a CPU is how our engine runs them. PyTorch takes each length
equally often in a round, ours draws them; the one test batch and the decision at the end of a round
count against us. The third column is what nobody can save: the matrix products of a step alone,
W h and W^T g and the outer product of g and h at every bit, as XLA does them.
All run in one process, pinned to one core, in alternating rounds of the same work each time; the
smallest time of each counts. PyTorch is no dependency of ours; in an environment of its own:

    python -m venv benchenv && benchenv/bin/pip install torch==2.13.0 -e .
    benchenv/bin/python benchmarks/rnn_training.py [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from sims.engine.devices import prepare
from sims.engine.program import compile_program, stack
from sims.rnn_timescales.training import LARGEST_NORM, MOMENTUM, Curriculum

LAST, RATE, SLOPE = 5, 0.1, 0.01
LENGTHS = range(LAST + 2, 4 * LAST + 2)
# Units, streams, steps of a round, and how many times faster we mean to be.
SETTINGS = ((32, 64, 1000, 40), (128, 128, 200, 6), (500, 256, 60, 2))
ROUNDS = 5


def ours(units: int, sequences: int, steps: int) -> Callable[[], float]:
    """A round of the engine's own program: seconds per step."""
    experiment = Curriculum(
        units=units,
        sequences=sequences,
        last=LAST,
        window=LAST - 1,
        forget=0,
        learning_rate=RATE,
        test_batches=1,
        steps=1000 * steps,
        log_every=steps,
    )
    program = compile_program(experiment, 1)
    batch = program.place(stack([(experiment, 0)]))
    begin, chunk = jax.tree.map(np.asarray, program.init(*batch, None)[0]), program.chunk
    assert chunk is not None

    def measure() -> float:
        # from the start each time: a net that had solved the list would end
        carry = jax.block_until_ready(program.place(begin))
        begun = time.perf_counter()
        jax.block_until_ready(chunk(*batch, carry, np.int32(0)))
        return (time.perf_counter() - begun) / steps

    return measure


def products(units: int, sequences: int, steps: int) -> Callable[[], float]:
    """A round of nothing but the products of a step of mean length: seconds per step."""
    bits = round(steps * sum(LENGTHS) / len(LENGTHS))

    @jax.jit
    def run(weights: jax.Array, state: jax.Array, slope: jax.Array) -> jax.Array:
        def bit(_: int, carry: tuple[jax.Array, ...]) -> tuple[jax.Array, ...]:
            state, slope, total = carry
            return weights @ state, weights.T @ slope, total + slope @ state.T

        return jax.lax.fori_loop(0, bits, bit, (state, slope, jnp.zeros_like(weights)))[2]

    weights = jnp.eye(units)
    state = slope = jnp.full((units, sequences), 1e-3)

    def measure() -> float:
        begun = time.perf_counter()
        jax.block_until_ready(run(weights, state, slope))
        return (time.perf_counter() - begun) / steps

    return measure


def theirs(units: int, sequences: int) -> Callable[[], float]:
    """A round of PyTorch, a loop over time and over heads: seconds per step."""
    import torch  # pyright: ignore[reportMissingImports]
    from torch import nn  # pyright: ignore[reportMissingImports]

    torch.set_num_threads(1)

    class Leaky(nn.Module):
        def __init__(self):
            super().__init__()
            self.tau = nn.Parameter(1 + torch.rand(units))
            self.input, self.recurrent = nn.Linear(1, units), nn.Linear(units, units)
            self.heads = nn.ModuleList(nn.Linear(units, 2) for _ in range(LAST - 1))

        def forward(self, bits):
            self.recurrent.weight.data.fill_diagonal_(0)
            share = 1 / torch.clamp(self.tau, min=1)
            h = 0.1 * torch.rand(bits.shape[1], units)
            for x in bits:
                h = (1 - share) * h + share * (self.recurrent(h) + self.input(x))
                h = nn.functional.leaky_relu(h, SLOPE)
            return [head(h) for head in self.heads]

    net, entropy = Leaky(), nn.CrossEntropyLoss()
    descent = torch.optim.SGD(net.parameters(), lr=RATE, momentum=MOMENTUM, nesterov=True)

    def step(length):
        bits = (torch.rand(length, sequences, 1) < torch.rand(sequences, 1)).float()
        counts = bits[..., 0].flip(0).cumsum(0).long() % 2
        descent.zero_grad()
        loss = sum(entropy(said, counts[k + 1]) for k, said in enumerate(net(bits)))
        loss.backward()  # pyright: ignore[reportAttributeAccessIssue]
        nn.utils.clip_grad_norm_(net.parameters(), LARGEST_NORM)
        descent.step()

    def measure() -> float:
        begun = time.perf_counter()
        for length in LENGTHS:
            step(length)
        return (time.perf_counter() - begun) / len(LENGTHS)

    return measure


def best(rounds: dict[str, Callable[[], float]]) -> dict[str, float]:
    """The smallest time of each, in milliseconds, over rounds that alternate between them."""
    for measure in rounds.values():
        measure()
    times: dict[str, list[float]] = {name: [] for name in rounds}
    for _ in range(ROUNDS):
        for name, measure in rounds.items():
            times[name].append(1e3 * measure())
    return {name: min(values) for name, values in times.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the table as JSON")
    options = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    prepare("cpu")
    try:
        import torch  # pyright: ignore[reportMissingImports]
    except ModuleNotFoundError:
        print("PyTorch is missing; see the head of this file for an environment", file=sys.stderr)
        return 2
    rows = []
    for units, sequences, steps, bar in SETTINGS:
        found = best(
            {
                "torch": theirs(units, sequences),
                "ours": ours(units, sequences, steps),
                "products": products(units, sequences, steps),
            }
        )
        size = {"units": units, "sequences": sequences, "bar": bar}
        ratio, limit = (found["torch"] / found[name] for name in ("ours", "products"))
        rows.append({**size, **found, "ratio": ratio, "limit": limit})
    if options.json:
        print(
            json.dumps(
                {"torch": torch.__version__, "devices": jax.device_count(), "rows": rows}, indent=1
            )
        )
        return 0
    print("ms per net and step on one core, and how many times faster than PyTorch")
    for row in rows:
        print(
            "H={units} B={sequences}: torch {torch:.2f}, ours {ours:.3f}, products alone "
            "{products:.3f}: {ratio:.1f}x of at most {limit:.1f}x (bar {bar}x)".format(**row)
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
