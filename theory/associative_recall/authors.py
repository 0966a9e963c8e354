"""Numbers that the papers state, from their abstracts, and the mark of bounds that are ours.

W. Wu et al. (2404.15574), whose full text was not available to us: fewer than one head in twenty of
the language models that they look at retrieves.
"""

# Share of attention heads that are retrieval heads ("less than 5 %").
RETRIEVAL_HEADS = 0.05

# Said of a source whose bounds were set by what our own earlier nets showed: it is no prediction.
PILOT = "bounds replicate our pilot nets on others [ar-6.3]"
