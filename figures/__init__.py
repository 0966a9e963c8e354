"""Where theory and simulation meet: figures, verdicts, the report page.

A paper is one file in each layer to begin with (README, "Adding a paper") and a room when it grows:
a folder of the paper's key, whose files are called what they hold. A file that outgrows 350 lines
becomes a folder of its own name.

| layer      | file              | holds                                                          |
| ---------- | ----------------- | -------------------------------------------------------------- |
| `theory/`  | `setting.py`      | the problem's parameters, as the formulas take them            |
|            | `derivations.md`  | results by label, symbols, ranges of validity, errata          |
|            | `authors.py`      | the paper's and the authors' published numbers                 |
|            | `claims.py`       | the register: statements, bounds, falsifiers                   |
|            | `<topic>.py`      | formulas                                                       |
| `sims/`    | `presets.py`      | sweeps by literal name, at their presets                       |
|            | `<topic>.py`      | models, data, training, analyses of nets                       |
| `figures/` | `measured.py`     | tables: numbers from sims and theory; imports no figure        |
|            | `readings.py`     | sweeps by name and selections that several figures share       |
|            | `broken.py`       | falsifiers: broken sweeps and made-up data                     |
|            | `identities.py`   | checks that belong to no figure                                |
|            | `<figure>.py`     | one figure of that name: findings, verdicts, drawing           |
|            | `palette.py`      | colours by model or curriculum, where figures share them       |
|            | `interactive.py`  | a figure that a reader of the report moves, and its script     |
| `tests/`   | the same folders  | `tests/<layer>/<paper>/`                                       |

In the one file of a small paper the same order holds: tables first (their names follow the code
that they reach, so what stands beside them does not matter), then findings, verdicts, drawing.
"""

from pkgutil import extend_path

# A folder `figures/` elsewhere on the path adds its papers to ours.
__path__ = extend_path(__path__, __name__)

# Modules of this layer that belong to no paper.
NOT_ROOMS = (
    *("__main__", "evidence", "plain", "production", "report", "standing", "statistics"),
    "style",
)
