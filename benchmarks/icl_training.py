"""Training of softmax attention, per seed and step, against a straightforward PyTorch loop.

The work: d = 5, L = 40, fresh prompts every step, Adam; the paper has 256 prompts. Ours trains 8
seeds at once, PyTorch one, as the authors write it.
"""

from __future__ import annotations

import time
from typing import Any

import jax
import numpy as np

from benchmarks.measure import Round, Row, Work, alternate, installed
from sims.engine.experiment import Experiment
from sims.engine.program import compile_program, stack
from sims.icl_regression.training import Training

DIMENSION, LENGTH, WIDTH, NOISE = 5, 40, 6, 0.1
SEEDS, STEPS, ROUNDS = 8, 25, 8
UNCOMPARED = "each side trains on random data of its own, so that results cannot be held together"


def rows() -> list[Row]:
    """A row for each number of heads and prompts."""
    return [row(heads, prompts) for heads, prompts in ((1, 256), (2, 256), (4, 256), (4, 64))]


def row(heads: int, prompts: int) -> Row:
    """One size of net and batch."""
    other = theirs(heads, prompts) if installed("torch") else None
    experiment = training(heads=heads, prompts=prompts)
    times = alternate({"ours": engine(experiment, SEEDS), "torch": other}, ROUNDS)
    name = f"icl_training: step, H = {heads}, {prompts} prompts"
    counted = work(heads, prompts, LENGTH, DIMENSION)
    return Row(name, times["ours"], "PyTorch", times["torch"], counted, UNCOMPARED)


def training(**settings: Any) -> Training:
    """A run whose chunk is a round; it is far from its end, so that the rate hardly falls."""
    return Training(**settings, steps=1000 * STEPS, log_every=STEPS)


def work(heads: int, prompts: int, length: int, dimension: int) -> Work:
    """Of one step: labels, forward, backward, random numbers; all fits the cache.

    With tokens of width e = d + 1 a prompt and head takes 2 e d for KQ z_q, 2 L e for the logits, 3
    L for the softmax, 2 L e and 2 e for what is read; back once more 2 L e each for the slopes of
    weights and of KQ z_q, 3 L for the softmax, 2 e and 2 e d. The optimiser is not counted.
    """
    width = dimension + 1
    head = 8 * length * width + 6 * length + 4 * width + 4 * width * dimension
    labels = 2 * length * dimension + 2 * dimension
    normals = length * dimension + length + 2 * dimension + 1
    return Work(single=prompts * (heads * head + labels), normals=prompts * normals)


def engine(experiment: Experiment, seeds: int) -> Round:
    """A round of the engine's own program, a chunk: seconds per seed and step."""
    program = compile_program(experiment, seeds)
    batch = program.place(stack([(experiment, seed) for seed in range(seeds)]))
    state, chunk = [program.init(*batch, None)[0]], program.chunk
    assert chunk is not None

    def measure() -> float:
        begun = time.perf_counter()
        state[0], _ = jax.block_until_ready(chunk(*batch, state[0], np.int32(0)))
        return (time.perf_counter() - begun) / (seeds * experiment.log_every)

    return measure


def theirs(heads: int, prompts: int, linear: bool = False) -> Round:
    """A round of PyTorch: a module per head, as the authors write it; seconds per step.

    Args:
        linear: the mean over the pairs in place of the softmax.
    """
    import torch  # pyright: ignore[reportMissingImports]
    from torch import nn  # pyright: ignore[reportMissingImports]

    torch.set_num_threads(1)

    class Head(nn.Module):
        def __init__(self):
            super().__init__()
            self.q, self.k, self.v = (nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(3))

        def forward(self, pairs, query):
            scores = (self.k(pairs) @ self.q(query).unsqueeze(-1)).squeeze(-1) / WIDTH**0.5
            weights = scores / LENGTH if linear else torch.softmax(scores, -1)
            return (weights.unsqueeze(-1) * self.v(pairs)).sum(1)

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
