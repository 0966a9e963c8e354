"""Training of leaky nets, per net and step, against a straightforward PyTorch loop.

The work: leaky nets (nonlinearity outside) on parity with p ~ U(0, 1) for every stream, heads
N = 2 .. 5 all asked, summed cross-entropy, global norm clipped at 2, SGD of rate .1 with Nesterov
momentum .1. Every step of a net has fresh streams of one length M, uniform on N + 2 .. 4 N + 1.
Both train one net at a time, which on a CPU is how our engine runs them. PyTorch takes each length
equally often in a round, ours draws them; the one test batch and the decision at the end of a round
count against us.
"""

from __future__ import annotations

import time

import jax
import numpy as np

from benchmarks.icl_training import UNCOMPARED
from benchmarks.measure import Round, Row, Work, alternate, installed
from sims.engine.program import compile_program, stack
from sims.rnn_timescales.training import LARGEST_NORM, MOMENTUM, Curriculum

LAST, RATE, SLOPE = 5, 0.1, 0.01
LENGTHS = range(LAST + 2, 4 * LAST + 2)
# Units, streams, steps of a round.
SETTINGS = ((32, 64, 1000), (128, 128, 200), (500, 256, 60))
ROUNDS = 4


def rows() -> list[Row]:
    """A row for each size of net and batch."""
    return [row(*sizes) for sizes in SETTINGS]


def row(units: int, sequences: int, steps: int) -> Row:
    """One size of net and batch."""
    other = theirs(units, sequences) if installed("torch") else None
    times = alternate({"ours": ours(units, sequences, steps), "torch": other}, ROUNDS)
    name = f"rnn_training: step, {units} units, {sequences} streams"
    counted = work(units, sequences)
    return Row(name, times["ours"], "PyTorch", times["torch"], counted, UNCOMPARED)


def work(units: int, sequences: int) -> Work:
    """Of a step of mean length: what nobody can save.

    The products W h, W'g and the outer product of g and h at every bit; a word for each bit, for
    the net's start, and for the streams' p. What is done unit by unit is not counted.
    """
    bits = sum(LENGTHS) / len(LENGTHS)
    words = (bits + units + 1) * sequences
    return Work(single=bits * 3 * 2 * units**2 * sequences, words=words)


def ours(units: int, sequences: int, steps: int, last: int = LAST) -> Round:
    """A round of the engine's own program: seconds per step."""
    experiment = Curriculum(
        units=units,
        sequences=sequences,
        last=last,
        window=last - 1,
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


def theirs(units: int, sequences: int) -> Round:
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
