"""How much a run must be isolated from this machine: a closed list."""

from __future__ import annotations

AUTO, REQUIRED, NONE = "auto", "required", "none"
LEVELS = (AUTO, REQUIRED, NONE)
"""auto: as far as the kernel allows; required: fail without a private network; none: not at all."""
