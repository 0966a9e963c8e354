"""Closed-form predictions and the register of claims. Knows no simulation."""

from pkgutil import extend_path

# A folder `theory/` elsewhere on the path adds its papers to ours.
__path__ = extend_path(__path__, __name__)
