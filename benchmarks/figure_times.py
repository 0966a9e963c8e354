"""One figure by its command, a whole process each time: in an empty folder, and once more."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time

from benchmarks.measure import Row

FIGURE, WARM = "icl_regression.valley", 3


def rows() -> list[Row]:
    """A row cold and a row warm: wall time with the imports, on the one core."""
    with tempfile.TemporaryDirectory() as folder:
        first, *others = (1e3 * seconds(f"{folder}/results") for _ in range(1 + WARM))
    remark = "wall time of `python -m figures`, the process with its imports"
    return [
        Row(f"figure_times: {FIGURE}, empty folder", [first], remark=remark),
        Row(f"figure_times: {FIGURE}, once more", others, remark=remark),
    ]


def seconds(results: str) -> float:
    """Of the whole command."""
    words = ["-m", "figures", FIGURE, "--quiet", "--results", results]
    begun = time.monotonic()
    done = subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL)
    # 1: drawn, and a claim is in a state that the register does not expect
    assert done.returncode in (0, 1), f"{' '.join(words)} ended with {done.returncode}"
    return time.monotonic() - begun
