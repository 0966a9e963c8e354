"""In-context linear regression, in closed form (He, Pan, Chen & Yang 2025, 2503.12734).

`derivations.md` derives every formula under a label, as [icl-3.1], that docstrings and claims cite.
`setting` names the problem; `reduced` has the approximate loss and its minima, `true_loss` the true
one by quadrature, `flow` the dynamics, `noise` where an optimiser's noise stops them; `risks` what
linear predictors and Bayes reach, `anisotropic` and `tasks` the same with correlated covariates and
with several tasks; `authors` the published numbers; `claims` what of all this is claimed.
"""

from theory.citation import Paper
from theory.icl_regression.claims import CLAIMS

__all__ = ["CITATIONS", "CLAIMS"]

CITATIONS = (
    Paper(
        "In-Context Linear Regression Demystified: Training Dynamics and Mechanistic "
        "Interpretability of Multi-Head Softmax Attention",
        ("He, Jianliang", "Pan, Xintian", "Chen, Siyu", "Yang, Zhuoran"),
        2025,
        "2503.12734",
    ),
)
