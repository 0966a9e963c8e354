"""The share of one process among several that a launcher started with the same command."""

from __future__ import annotations

from collections.abc import Mapping

# What launchers tell each process: its number, and how many there are. Slurm's is the step's, not
# the allocation's: a shell in an allocation of four tasks is one process.
LAUNCHERS = {
    "Slurm": ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS"),
    "Open MPI": ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
}


def part(environment: Mapping[str, str]) -> tuple[int, int]:
    """(at, of): which process this is of how many, (0, 1) where no launcher says otherwise.

    Runs are independent, so processes need not speak to each other: each computes its own runs on
    the devices that it sees, and files them in the one store.
    """
    for names in LAUNCHERS.values():
        at, of = (environment.get(name, "") for name in names)
        if at.isdigit() and of.isdigit() and int(at) < int(of):
            return int(at), int(of)
    return 0, 1
