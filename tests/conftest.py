"""Shared set-up: small results folders, two CPU devices, and reproducible property tests."""

import os
import shutil
import tempfile

import jax
import pytest
from hypothesis import settings

from sims.engine.devices import prepare
from sims.engine.store import Store

# Workers and the commands that tests start compile a program once between them. The process that
# starts the workers makes the folder and takes it away; they find it in their environment.
CACHE, COMPILED_FROM = "JAX_COMPILATION_CACHE_DIR", 0.3
FOLDER = "" if CACHE in os.environ else tempfile.mkdtemp(prefix="lemmax-compiled-")
if FOLDER:
    os.environ[CACHE] = FOLDER
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = str(COMPILED_FROM)
    # JAX has read its environment already.
    jax.config.update("jax_compilation_cache_dir", FOLDER)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", COMPILED_FROM)

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


def pytest_unconfigure() -> None:
    """Leave no compiled programs behind."""
    if FOLDER:
        shutil.rmtree(FOLDER, ignore_errors=True)
