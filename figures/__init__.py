"""Where theory and simulation meet: figures, verdicts, the report page."""

from pkgutil import extend_path

# A folder `figures/` elsewhere on the path adds its papers to ours.
__path__ = extend_path(__path__, __name__)
