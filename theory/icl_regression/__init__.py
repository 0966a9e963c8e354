"""In-context linear regression, in closed form (He, Pan, Chen & Yang 2025, 2503.12734).

`setting` names the problem; `reduced` has the approximate loss and its minima, `flow` its dynamics,
`risks` what linear predictors and Bayes reach; `claims` says what of it is claimed.
"""

from theory.icl_regression.claims import CLAIMS

__all__ = ["CLAIMS"]
