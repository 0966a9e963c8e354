"""Models, data, training, sweeps. Knows no theory, so that agreement with it means something."""

from pkgutil import extend_path

# A folder `sims/` elsewhere on the path adds its papers to ours.
__path__ = extend_path(__path__, __name__)
