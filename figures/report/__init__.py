"""The report: a small static site made from what a results folder holds.

| file             | holds                                                               |
| ---------------- | ------------------------------------------------------------------- |
| `entries.py`     | what is there: figures as drawn, claims as decided, by paper        |
| `derivations.py` | `theory/<paper>/derivations.md` as HTML, result by result           |
| `words.py`       | numbers, statements and alternative texts as a reader meets them    |
| `charts.py`      | an interval against its allowed range, as inline SVG                |
| `pedigree.py`    | what a verdict follows from: the check's source, sweeps, provenance |
| `comparison.py`  | two results folders side by side                                    |
| `interactive.py` | figures with sliders, which rooms offer                             |
| `moved.py`       | what changed since the last report                                  |
| `pages.py`       | one HTML fragment a page, with links by what they lead to           |
| `site.py`        | fragments as a site of many files, or as one file                   |

`templates/` holds the layout, `style.css` and `script.js` what every page loads.
"""
