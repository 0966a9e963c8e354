"""Programs compiled for devices that are not here, and kernels counted in XLA's text."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks import compiled
from benchmarks.hlo import count
from sims.engine import plan as planning
from sims.engine import program
from sims.engine.errors import UserError
from sims.engine.execute import run as execute
from sims.engine.plan import plan
from sims.engine.results import starts
from sims.engine.sweep import Start, Sweep
from tests.sims.engine.test_front import Again, Staged
from tests.sims.engine.toy import Quadratic, Quadratic64

LOOPS = """
HloModule written_by_hand

%inner (p: (s32[], f32[3])) -> (s32[], f32[3]) {
  %p = (s32[], f32[3]{0}) parameter(0)
  %x = f32[3]{0} get-tuple-element(%p), index=1
  %y = f32[3]{0} fusion(%x), kind=kLoop, calls=%fused
  %z = f32[3]{0} custom-call(%y), custom_call_target="a.library"
  ROOT %t = (s32[], f32[3]{0}) tuple(%i, %z)
}

%until (p: (s32[], f32[3])) -> pred[] {
  %five = s32[]{:T(128)} constant(5)
  ROOT %less = pred[] compare(%i, %five), direction=LT
}

%outer (p: (s32[], f32[3])) -> (s32[], f32[3]) {
  %w = (s32[], f32[3]{0}) while(%p), condition=%until, body=%inner
  %c = f32[3]{0} copy(%x)
  ROOT %t = (s32[], f32[3]{0}) tuple(%i, %c)
}

%short (p: f32[3]) -> f32[3] {
  ROOT %a = f32[3]{0} negate(%p)
}

%long (p: f32[3]) -> f32[3] {
  %a = f32[3]{0} negate(%p)
  ROOT %b = f32[3]{0} sort(%a), dimensions={0}, to_apply=%less
}

ENTRY %main (p: f32[3]) -> f32[3] {
  %loop = (s32[], f32[3]{0}) while(%t), body=%outer, backend_config={"known_trip_count":{"n":"7"}}
  %pick = f32[3]{0} conditional(%n, %p, %p), branch_computations={%short, %long}
  ROOT %done = f32[3]{0} copy-done(%pick)
}
"""


def test_loops_count_as_often_as_they_turn_and_of_branches_the_longest():
    """7 turns of (5 turns of 2, and a copy), then two of the longer branch."""
    assert count(LOOPS) == (7 * (5 * 2 + 1) + 2, 0)
    assert count(LOOPS.replace("constant(5)", "constant(1), of(5)")).kernels == 7 * 3 + 2
    assert count(LOOPS.replace("constant(5)", "parameter(5)")) == (7 * 3 + 2, 1)
    with pytest.raises(ValueError, match="has an ENTRY"):
        count("HloModule empty")


def test_a_loop_s_kernels_grow_with_its_turns():
    """Held against XLA itself: a program differs from a longer one by its body's kernels."""

    def kernels(turns):
        def body(x, _):
            return jnp.sort(jnp.sin(x)) @ jnp.ones((50, 50)), None

        loop = jax.jit(lambda x: jax.lax.scan(body, x, length=turns)[0])
        return count(loop.lower(jnp.ones(50)).compile().as_text())

    ten, twenty, forty = kernels(10), kernels(20), kernels(40)
    assert ten.unknown == 0 and ten.kernels >= 20
    assert forty.kernels - twenty.kernels == 2 * (twenty.kernels - ten.kernels) > 0


def test_what_a_run_starts_from_has_the_shapes_that_are_filed(store):
    origin = Sweep(Staged(steps=20, log_every=5), {"learning_rate": (0.2,)}, 1)
    then = Sweep(Again(steps=10, log_every=5), {"learning_rate": (0.2,)}, 1, Start(origin, 1))
    execute([then], store, quiet=True)
    filed = starts(store, list(then.runs()))
    shapes = compiled.begins(origin.base, 1)
    assert {k: (a.shape, a.dtype) for k, a in shapes.items()} == {
        k: (a.shape[1:], a.dtype) for k, a in filed.items()
    }


def test_only_a_gpu_is_told_what_not_to_do():
    """Names of options are XLA's own: the sample below is compiled with them."""

    told = program._options
    assert told("cpu", "float64") == told("tpu", "float32") == {}
    assert told("gpu", "float32") == {"xla_gpu_enable_triton_gemm": False}
    double = told("cuda", "float64")
    assert double.pop("xla_disable_hlo_passes") == "triton-softmax-rewriter"
    assert double == told("gpu", "float32")


class Pretended:
    platform = "tpu"


def test_float64_is_refused_on_a_tpu_in_one_line(monkeypatch):
    there = jax.sharding.Mesh(np.asarray(jax.devices("cpu")), ("run",))
    monkeypatch.setattr(planning, "mesh", lambda: there)
    plan([Sweep(Quadratic64())])
    fake = type("Mesh", (), {"devices": np.array([Pretended()]), "size": 1})()
    monkeypatch.setattr(planning, "mesh", lambda: fake)
    monkeypatch.setattr(planning, "on_cpu", lambda: False)
    plan([Sweep(Quadratic())])
    with pytest.raises(UserError, match="Quadratic64 computes in float64.*--device cpu or gpu"):
        plan([Sweep(Quadratic64())])


@pytest.mark.parametrize(
    "words, said",
    [
        (["a100"], "invalid choice: 'a100'"),
        (["h100", "icl_regression.trainin_h2"], "did you mean 'icl_regression.training_h2'?"),
        (["h100", "--preset", "quik"], "did you mean 'quick'?"),
    ],
)
def test_a_wrong_word_gives_one_line(words, said, capsys, monkeypatch):
    monkeypatch.setattr(compiled, "pretended", lambda target: compiled.contextlib.nullcontext())
    try:
        code = compiled.main(words)
    except SystemExit as stop:
        code = stop.code
    assert code == 2 and said in capsys.readouterr().err


def test_a_program_that_does_not_compile_has_its_reason_last(monkeypatch):
    def refuse(*args):
        raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: no\nroom")

    (group,) = plan([Sweep(Quadratic(), seeds=2)])
    found = compiled.compiled("v5e", ("toy.quadratic quick",), group)
    assert found.reason == "" and found.kernels > 0 and found.bytes > 0
    monkeypatch.setattr(program, "compile_program", refuse)
    failed = compiled.compiled("h100", ("toy.other quick", "toy.third quick"), group)
    assert failed.reason == "RESOURCE_EXHAUSTED: no room"
    assert failed.told.startswith("RESOURCE_EXHAUSTED: no room, ")
    assert f"{found.kernels:.0f} kernels a step, " in found.told and "MiB" in found.told
    lines = compiled.table([failed, found]).splitlines()
    assert lines[1].startswith("toy.quadratic (quick)")
    assert lines[2].startswith("toy.other (quick) and 1 more") and lines[-1].endswith("no room")


SAMPLE = ("icl_regression.training_h2", "rnn_timescales.dms", "rf_attention.floor")


@pytest.mark.aot
@pytest.mark.parametrize("target", compiled.TARGETS)
@pytest.mark.parametrize("name", SAMPLE)
def test_a_sample_compiles(target, name):
    with compiled.pretended(target):
        for names, group in compiled.programs([name], ["quick"]):
            row = compiled.compiled(target, names, group)
            assert row.refused or not row.reason, row
            assert row.refused == (target == "v5e" and name == "rf_attention.floor")
            assert row.refused or 0 < row.bytes < compiled.TARGETS[target].memory


@pytest.mark.slow
@pytest.mark.aot
@pytest.mark.parametrize("target", compiled.TARGETS)
def test_every_program_of_every_room_compiles_or_is_refused_in_words(target):
    assert compiled.main([target]) == 0
