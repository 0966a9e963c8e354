"""The report: a small static site made from what a results folder holds.

| file             | holds                                                               |
| ---------------- | ------------------------------------------------------------------- |
| `entries.py`     | what is there: figures as drawn, claims as decided, by paper        |
| `derivations.py` | `theory/<paper>/derivations.md` as HTML, result by result           |
| `words.py`       | numbers, statements and alternative texts as a reader meets them    |
| `charts.py`      | an interval against its allowed range, as inline SVG                |
| `pedigree.py`    | what a verdict follows from: the check's source, sweeps, provenance |
| `moved.py`       | what changed since the last report                                  |
| `pages.py`       | one HTML fragment a page, with links by what they lead to           |
| `site.py`        | fragments as a site of many files, or as one file                   |

`templates/` holds the layout, `style.css` and `script.js` what every page loads.
"""

from figures.report.entries import line, stored
from figures.report.site import write_report, write_single_file

__all__ = ["line", "stored", "write_report", "write_single_file"]
