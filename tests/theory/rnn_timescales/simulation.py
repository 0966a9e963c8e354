"""Networks run step by step in plain NumPy, independent of the formulas under test."""

import numpy as np


def run(drive, bias, recurrent, tau, bits, form="outside", slope=0.01, seed=0):
    """States of the leaky network after each bit: (step, stream, unit) for bits (step, stream)."""
    rate = 1 / tau
    h = 0.1 * np.random.default_rng(seed).random((bits.shape[1], len(tau)))
    states = np.empty((*bits.shape, len(tau)))
    for step, x in enumerate(bits):
        u = h @ recurrent.T + bias + np.outer(x, drive)
        if form == "outside":
            z = (1 - rate) * h + rate * u
            h = np.where(z > 0, z, slope * z)
        else:
            h = (1 - rate) * h + rate * np.where(u > 0, u, slope * u)
        states[step] = h
    return states


def autocovariances(states, lags):
    """cov(h_{t+l}, h_t) of each unit, l = 0 .. lags."""
    centred = states - states.mean(axis=(0, 1))
    count = len(centred)
    pairs = [centred[lag:] * centred[: count - lag] for lag in range(lags + 1)]
    return np.array([pair.mean(axis=(0, 1)) for pair in pairs])


def random_network(rng, units, scale, slowest=4.0):
    """(recurrent, drive, bias, tau) with zero diagonal."""
    recurrent = rng.normal(size=(units, units)) * scale / units**0.5
    np.fill_diagonal(recurrent, 0)
    return recurrent, rng.normal(size=units), rng.normal(size=units), rng.uniform(1, slowest, units)
