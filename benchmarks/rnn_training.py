"""Training cost per net and step on one core, side by side with a straightforward PyTorch loop.

The work: leaky nets (nonlinearity outside) on parity with p ~ U(0, 1) for every stream, heads
N = 2 .. 5 all asked, summed cross-entropy, global norm clipped at 2, SGD of rate .1 with Nesterov
momentum .1. Every step of a net has fresh streams of one length M, uniform on N + 2 .. 4 N + 1.
PyTorch trains one net and takes M steps, each length equally often in a round; of our batched nets
each draws its own M and the program takes as many steps as the longest needs, which counts against
us, as do the one test batch and the decision at the end of a round.
Both run in one process, pinned to one core, in alternating rounds of the same work each time; the
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
import numpy as np

from sims.engine.devices import prepare
from sims.engine.program import compile_program, stack
from sims.rnn_timescales.training import LARGEST_NORM, MOMENTUM, Curriculum

LAST, RATE, SLOPE = 5, 0.1, 0.01
# Units, streams, nets trained at once, steps of a round, and how many times faster we mean to be.
SETTINGS = ((32, 64, 8, 100, 40), (128, 128, 8, 20, 6), (500, 256, 8, 7, 2))
ROUNDS = 5


def ours(units: int, sequences: int, nets: int, steps: int) -> Callable[[], float]:
    """A round of the engine's own program: seconds per net and step."""
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
    program = compile_program(experiment, nets)
    batch = program.place(stack([(experiment, seed) for seed in range(nets)]))
    begin = jax.tree.map(np.asarray, program.init(*batch)[0])

    def measure() -> float:
        # from the start each time: nets that had solved the list would end
        carry = jax.block_until_ready(program.place(begin))
        begun = time.perf_counter()
        jax.block_until_ready(program.chunk(*batch, carry, np.int32(0)))
        return (time.perf_counter() - begun) / (nets * steps)

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
    lengths = range(LAST + 2, 4 * LAST + 2)

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
        for length in lengths:
            step(length)
        return (time.perf_counter() - begun) / len(lengths)

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
    for units, sequences, nets, steps, bar in SETTINGS:
        found = best(
            {
                "torch": theirs(units, sequences),
                "ours": ours(units, sequences, nets, steps),
            }
        )
        ratio = found["torch"] / found["ours"]
        rows.append(
            {
                "units": units,
                "sequences": sequences,
                "nets": nets,
                **found,
                "ratio": ratio,
                "bar": bar,
            }
        )
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
            "H={units} B={sequences}: torch {torch:.2f}, ours {ours:.3f} with {nets} nets at once: "
            "{ratio:.1f}x (bar {bar}x)".format(**row)
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
