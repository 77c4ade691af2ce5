"""What `counterpoise init` proposes: a configuration that suits the source, with the reasons."""

from counterpoise.core.propose.config import propose_config
from counterpoise.core.propose.render import render_config

__all__ = ["propose_config", "render_config"]
