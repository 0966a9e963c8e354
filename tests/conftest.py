"""Shared set-up: small results folders, two CPU devices, and reproducible property tests."""

import os

import jax
import pytest
from hypothesis import settings

from sims.engine.devices import prepare
from sims.engine.store import Store

# What tests say of devices and of bits is said of CPU cores, also where there is something else.
jax.config.update("jax_platforms", "cpu")
settings.register_profile("ci", deadline=None, derandomize=True, max_examples=25)
settings.register_profile("explore", deadline=None, max_examples=400)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
prepare()


@pytest.fixture
def store(tmp_path):
    """An empty results folder."""
    return Store(tmp_path / "results")
