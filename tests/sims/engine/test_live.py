"""Code that has no name of its own in a file: lambdas, and classes that functions make."""

import importlib
import sys

from sims.engine import program
from sims.engine.code import code_of, digest


def measured(x=1):
    return program.run_key(x)


def test_a_lambda_is_followed_by_what_it_does():
    plus = [lambda x: measured(x) + 1, lambda x: measured(x) + 2]
    assert digest(code_of(plus[0])) != digest(code_of(plus[1]))
    assert "sims.engine.program" in code_of(plus[0])


def test_a_lambda_in_a_file_is_followed_to_what_else_the_file_defines(tmp_path, monkeypatch):
    """And so is a class that a function there makes."""
    text = """
def helper(x):
    return x + 1
def made():
    class Local:
        def step(self, x):
            return helper(x)
    return Local
FIRST = lambda x: helper(x)
"""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    path = tmp_path / "lemmax_lambdas.py"
    path.write_text(text)
    module = importlib.import_module("lemmax_lambdas")
    before = [code_of(module.FIRST), code_of(module.made())]
    path.write_text(text.replace("x + 1", "x + 2"))
    importlib.invalidate_caches()
    module = importlib.reload(module)
    after = [code_of(module.FIRST), code_of(module.made())]
    assert before[0] != after[0] and before[1] != after[1]
