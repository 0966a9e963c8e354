"""What the circuits of trained nets look like, in numbers [icl-8.1].

Averages over heads are weighted by mu^2: the gradient of a head's KQ is proportional to its mu, so
heads of small mu have noisy KQ and an unweighted worst head would measure that.
"""

from __future__ import annotations

import numpy as np
import xarray
from jaxtyping import Bool, Float

ACTIVE = 0.1


def pattern(circuits: xarray.Dataset) -> xarray.Dataset:
    """The metrics of nets, whatever dimensions (seed, step) they come in.

    Args:
        circuits: `kq` with dimensions head, key, query and `ov` with head, key, besides others. The
            last column of KQ is never used by the net and enters no metric.

    Returns:
        Per head: `omega` (mean diagonal of KQ on covariates), `mu` (OV on the label), `off_energy`
        (share of KQ's energy on covariates off the diagonal), `label_ratio` (|mu| over the norm of
        OV), `active` (|mu| at least a tenth of the largest). Per net: `weighted_off_energy`,
        `weighted_label_ratio`, `gamma` (weighted |omega|), `label_row` (weighted norm of the row
        of KQ that reads the keys' labels, over gamma), `diagonal_variance` (weighted variance of
        KQ's diagonal over its squared mean), `inhomogeneity` (weighted relative sd of |omega|),
        `eta` (sum mu omega), `mu_plus`, `mu_minus` (sums over the heads of either sign of mu),
        `imbalance` (|sum mu| over sum |mu|), `two_signed` (active heads of both signs).
    """
    heads = _heads(circuits)
    mu, omega, size = heads.mu, heads.omega, np.abs(heads.mu)
    weights = mu**2 / (mu**2).sum("head")
    gamma = (weights * np.abs(omega)).sum("head")
    both_signs = two_signed(mu.transpose(*omega.dims).values)
    spread = np.sqrt((weights * (np.abs(omega) - gamma) ** 2).sum("head"))
    return heads.drop_vars(["row", "variance"]).assign(
        weighted_off_energy=(weights * heads.off_energy).sum("head"),
        weighted_label_ratio=(weights * heads.label_ratio).sum("head"),
        gamma=gamma,
        label_row=(weights * heads.row).sum("head") / gamma,
        diagonal_variance=(weights * heads.variance).sum("head"),
        inhomogeneity=spread / gamma,
        eta=(mu * omega).sum("head"),
        mu_plus=mu.where(mu > 0, 0).sum("head"),
        mu_minus=mu.where(mu < 0, 0).sum("head"),
        imbalance=np.abs(mu.sum("head")) / size.sum("head"),
        two_signed=omega.isel(head=0, drop=True).copy(data=both_signs),
    )


def _heads(circuits: xarray.Dataset) -> xarray.Dataset:
    """What `pattern` says of each head, with `row` (norm of the label's) and `variance`."""
    kq = circuits.kq.transpose(..., "head", "key", "query")
    covariates = kq.values[..., :-1, :-1]
    diagonal = np.diagonal(covariates, axis1=-2, axis2=-1)
    on, whole = (diagonal**2).sum(-1), (covariates**2).sum((-2, -1))
    average = diagonal.mean(axis=-1)
    outer, mu = kq.isel(key=0, query=0, drop=True), circuits.ov.isel(key=-1, drop=True)
    size = np.abs(mu)
    return xarray.Dataset(
        {
            "omega": outer.copy(data=average),
            "mu": mu,
            "off_energy": outer.copy(data=1 - on / whole),
            "label_ratio": size / np.sqrt((circuits.ov**2).sum("key")),
            "active": size >= ACTIVE * size.max("head"),
            "row": outer.copy(data=np.linalg.norm(kq.values[..., -1, :-1], axis=-1)),
            "variance": outer.copy(data=(diagonal.std(axis=-1) / average) ** 2),
        }
    )


def two_signed(mu: Float[np.ndarray, "*any head"]) -> Bool[np.ndarray, "*any"]:
    """Whether the active heads (|mu| at least a tenth of the largest) have mu of both signs."""
    active = np.abs(mu) >= ACTIVE * np.abs(mu).max(axis=-1, keepdims=True)
    return ((mu > 0) & active).any(axis=-1) & ((mu < 0) & active).any(axis=-1)


def task_pattern(circuits: xarray.Dataset) -> xarray.Dataset:
    """The metrics of multi-task nets, whatever dimensions (seed, step) they come in.

    Args:
        circuits: `kq` with dimensions head, key, query and `ov` with head, key, task, besides
            others.

    Returns:
        `omega` (head, coordinate), the diagonal of KQ; `mu` (head, task), OV of each label for its
        own task; `steps` (task, coordinate), their product M'W; `cross_label`, the largest |OV| of
        one label for another task; `off_energy`, the mu^2-weighted share of KQ's energy off the
        diagonal; `imbalance`, the largest |sum mu| over sum |mu| of a task; `specialisation`, the
        mu^2-weighted share that a head's largest |mu| has of its sum over tasks; `sharing`, the
        number of heads that serve every task with at least a tenth of the net's largest |mu|.
    """
    kq = circuits.kq.transpose(..., "head", "key", "query")
    ov = circuits.ov.transpose(..., "head", "key", "task")
    tasks = ov.sizes["task"]
    outer = kq.isel(key=0, query=0, drop=True)
    covariates = kq.values[..., :-tasks, :-tasks]
    diagonal = np.diagonal(covariates, axis1=-2, axis2=-1)
    omega = xarray.DataArray(diagonal, dims=(*outer.dims, "coordinate"))
    off = outer.copy(data=1 - (diagonal**2).sum(-1) / (covariates**2).sum((-2, -1)))
    labels = ov.values[..., -tasks:, :]
    own = np.diagonal(labels, axis1=-2, axis2=-1)
    mu = xarray.DataArray(own, dims=(*outer.dims, "task"))
    cross = np.abs(labels * (1 - np.eye(tasks))).max((-3, -2, -1))
    size = abs(mu)
    weights = (mu**2).sum("task") / (mu**2).sum(("head", "task"))
    serving = size.min("task") >= ACTIVE * size.max(("head", "task"))
    found = {
        "omega": omega,
        "mu": mu,
        "steps": (mu * omega).sum("head"),
        "cross_label": outer.isel(head=0, drop=True).copy(data=cross),
        "off_energy": (weights * off).sum("head"),
        "imbalance": (abs(mu.sum("head")) / size.sum("head")).max("task"),
        "specialisation": (weights * size.max("task") / size.sum("task")).sum("head"),
        "sharing": serving.sum("head"),
    }
    return xarray.Dataset(found)
