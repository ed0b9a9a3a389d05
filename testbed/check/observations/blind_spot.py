"""What cannot be watched with the installed versions of libraries, so that it is reported."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BlindSpot:
    """A kind of event that a worker cannot observe."""

    events: str
    """What is not seen, in the plural, like `checkpoints`."""
    library: str
    """The library and its version, like `TensorFlow 2.16.2`."""
    reason: str
    """Why, like `tensorflow.python.ops.script_ops:_internal_py_func does not exist`."""

    @property
    def sentence(self) -> str:
        """For reports."""
        return f"{self.events} are not watched on {self.library}: {self.reason}"
