"""Finds out which ways of sharing TensorFlow objects survive `tf.distribute`.

A scenario script needs what is exported here, and nothing here imports TensorFlow.
"""

import importlib
from typing import TYPE_CHECKING, Any

from testbed.catalogue.bed import Bed, PytestBed
from testbed.catalogue.fault import Fault
from testbed.catalogue.scenario import Case, breaks, run_script, scenario
from testbed.errors import WorkerFailedError

if TYPE_CHECKING:
    from testbed.check.here import compare, watch
    from testbed.run.user_code.function import launch

__version__ = "0.1.0"

__all__ = [
    "Bed",
    "Case",
    "Fault",
    "PytestBed",
    "WorkerFailedError",
    "__version__",
    "breaks",
    "compare",
    "launch",
    "run_script",
    "scenario",
    "watch",
]


# Imported on first use: only code that launches workers needs these modules.
_WHEN_USED = {
    "compare": "testbed.check.here",
    "launch": "testbed.run.user_code.function",
    "watch": "testbed.check.here",
}


def __getattr__(name: str) -> Any:
    if name in _WHEN_USED:
        return getattr(importlib.import_module(_WHEN_USED[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
