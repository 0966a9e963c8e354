"""Paper-agnostic machinery: it runs, keeps and finds experiments, and knows no paper.

Read in this order: `experiment` (what a user writes), `sweep` (what is asked for), `program` (what
is compiled), `plan` and `execute` (how it is driven), `results` and `store` (what is kept).
"""
