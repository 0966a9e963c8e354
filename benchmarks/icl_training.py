"""Training cost per seed and step on one core, side by side with a straightforward PyTorch loop.

The work: d = 5, L = 40, fresh prompts every step, Adam; the paper has 256 prompts. Both sides
run in one process, pinned to one core, in alternating rounds; the smallest time of each counts.
PyTorch is no dependency of ours; in an environment of its own:

    python -m venv benchenv && benchenv/bin/pip install torch==2.13.0 -e .
    benchenv/bin/python benchmarks/icl_training.py [--json]
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
from sims.icl_regression.training import Training

DIMENSION, LENGTH, WIDTH, NOISE = 5, 40, 6, 0.1
SEEDS, STEPS, ROUNDS = (1, 8, 16), 25, 8


def ours(heads: int, prompts: int, seeds: int) -> Callable[[], float]:
    """A round of the engine's own program: seconds per seed and step."""
    experiment = Training(heads=heads, prompts=prompts, steps=1000 * STEPS, log_every=STEPS)
    program = compile_program(experiment, seeds)
    batch = program.place(stack([(experiment, seed) for seed in range(seeds)]))
    state, chunk = [program.init(*batch, None)[0]], program.chunk
    assert chunk is not None

    def measure() -> float:
        begun = time.perf_counter()
        state[0], _ = jax.block_until_ready(chunk(*batch, state[0], np.int32(0)))
        return (time.perf_counter() - begun) / (seeds * STEPS)

    return measure


def parts(heads: int, prompts: int, seeds: int) -> dict[str, Callable[[], float]]:
    """Rounds of growing parts of a step, under the same vmap and scan."""
    experiment = Training(heads=heads, prompts=prompts, steps=1000 * STEPS, log_every=STEPS)

    def loss(model, key):
        data = experiment.sample(key)
        return jnp.mean((model(data) - data.target) ** 2)

    def data(state, key):
        return state, sum(part.sum() for part in experiment.sample(key))

    def forward(state, key):
        return state, loss(state.model, key)

    def backward(state, key):
        value, slope = jax.value_and_grad(loss)(state.model, key)
        return state, value + sum(leaf.sum() for leaf in jax.tree.leaves(slope))

    def measured(part: Callable) -> Callable[[], float]:
        def run(key):
            keys = jax.random.split(key, STEPS)
            return jax.lax.scan(part, experiment.init(key), keys)[1]

        keys = jax.random.split(jax.random.key(0), seeds)
        compiled = jax.jit(jax.vmap(run)).lower(keys).compile()

        def measure() -> float:
            begun = time.perf_counter()
            jax.block_until_ready(compiled(keys))
            return (time.perf_counter() - begun) / (seeds * STEPS)

        return measure

    return {part.__name__: measured(part) for part in (data, forward, backward)}


def theirs(heads: int, prompts: int) -> Callable[[], float]:
    """A round of PyTorch: a module per head, as the authors write it; seconds per step."""
    import torch  # pyright: ignore[reportMissingImports]
    from torch import nn  # pyright: ignore[reportMissingImports]

    torch.set_num_threads(1)

    class Head(nn.Module):
        def __init__(self):
            super().__init__()
            self.q, self.k, self.v = (nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(3))

        def forward(self, pairs, query):
            scores = (self.k(pairs) @ self.q(query).unsqueeze(-1)).squeeze(-1) / WIDTH**0.5
            return (torch.softmax(scores, -1).unsqueeze(-1) * self.v(pairs)).sum(1)

    parts = nn.ModuleList(Head() for _ in range(heads))
    output = nn.Linear(WIDTH * heads, 1, bias=False)
    adam = torch.optim.Adam([*parts.parameters(), *output.parameters()], lr=1e-3)

    def step():
        x, beta = torch.randn(prompts, LENGTH, DIMENSION), torch.randn(prompts, DIMENSION)
        beta, query = beta / DIMENSION**0.5, torch.randn(prompts, DIMENSION)
        y = (x @ beta.unsqueeze(-1)).squeeze(-1) + NOISE**0.5 * torch.randn(prompts, LENGTH)
        target = (query * beta).sum(-1) + NOISE**0.5 * torch.randn(prompts)
        pairs = torch.cat([x, y.unsqueeze(-1)], -1)
        query = torch.cat([query, torch.zeros(prompts, 1)], -1)
        predicted = output(torch.cat([head(pairs, query) for head in parts], -1)).squeeze(-1)
        adam.zero_grad()
        ((predicted - target) ** 2).mean().backward()
        adam.step()

    def measure() -> float:
        begun = time.perf_counter()
        for _ in range(STEPS):
            step()
        return (time.perf_counter() - begun) / STEPS

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
    for heads, prompts in ((1, 256), (2, 256), (4, 256), (4, 64)):
        rounds = {f"{seeds} seeds": ours(heads, prompts, seeds) for seeds in SEEDS}
        found = best({"torch": theirs(heads, prompts), **rounds})
        rows.append({"heads": heads, "prompts": prompts, **found})
    steps = best(parts(4, 256, 8) | {"whole": ours(4, 256, 8)})
    names = list(steps)
    costs = {"data": steps["data"]} | {
        name: steps[name] - steps[before] for before, name in zip(names, names[1:], strict=False)
    }
    costs["optimiser, log, checks"] = costs.pop("whole")
    if options.json:
        print(json.dumps({"torch": torch.__version__, "rows": rows, "parts": costs}, indent=1))
        return 0
    print("ms per seed and step on one core; in brackets, times faster than PyTorch")
    for row in rows:
        mine = "  ".join(f"{s}: {row[s]:.3f} ({row['torch'] / row[s]:.1f}x)" for s in list(row)[3:])
        print(f"H={row['heads']} B={row['prompts']:3}  torch: {row['torch']:.2f}  {mine}")
    print("H=4 B=256, 8 seeds: " + ", ".join(f"{name} {ms:.3f}" for name, ms in costs.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
