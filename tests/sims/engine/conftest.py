"""Commands in process, quickly, where hundreds of them are run on toys."""

import contextlib
import pickle

import jax
import pytest
import xarray

from sims.engine import execute
from sims.engine.program import compile_program

PROGRAMS = {}


@pytest.fixture
def quickly(monkeypatch):
    """What does not change from command to command is done once, or quickly.

    A program is compiled once; what an experiment returns is looked at elsewhere; and NetCDF, which
    is most of the time, is another code for the same arrays.
    """

    def compiled(experiment, batch_size, start=None):
        key = (jax.tree.structure(experiment), batch_size)
        if key not in PROGRAMS:
            PROGRAMS[key] = compile_program(experiment, batch_size, start)
        return PROGRAMS[key]

    def open_dataset(path, **_):
        return contextlib.closing(pickle.loads(path.read_bytes()))

    monkeypatch.setattr(xarray.Dataset, "to_netcdf", lambda data, **_: pickle.dumps(data))
    monkeypatch.setattr(xarray, "open_dataset", open_dataset)
    monkeypatch.setattr(execute, "compile_program", compiled)
    monkeypatch.setattr(execute, "check", lambda *_: None)
    monkeypatch.setattr(execute, "FILED_EVERY", 0.0)
    # No power is lost here.
    monkeypatch.setattr("os.fsync", lambda handle: None)
