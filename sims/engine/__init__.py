"""Paper-agnostic machinery: it runs, keeps and finds experiments, and knows no paper.

Read in this order:

- what a user writes: `experiment`, `check` (what of it cannot be filed), `optimisers`;
- what is asked for: `sweep`, and by which name it is kept: `identity`, `code` (what a function
  reaches), `sources` and `live` (that code as it was imported), `syntax`;
- what is compiled: `program`, `devices`;
- how it is driven: `work` (by which processes), `plan`, `forecast`, `execute`, `drive`,
  `compaction`, `checkpoint`, `interrupt`, `progress`;
- what is kept: `store`, `forms` (of its JSON files), `leftovers` (of processes that were killed),
  `results`, `tables`, `provenance`, and from there back: `analysis`;
- how it is reached: `front` (scripts), `rooms` (papers by name), `cli`, `errors`.
"""
