"""Numbers that the papers state, from their abstracts.

W. Wu et al. (2404.15574), whose full text was not available to us: fewer than one head in twenty of
the language models that they look at retrieves.
"""

# Share of attention heads that are retrieval heads ("less than 5 %").
RETRIEVAL_HEADS = 0.05
