"""A module that registers an exit handler, as one that a preloaded server imports may do."""

import atexit
import os
from pathlib import Path

atexit.register(Path(os.environ["TESTBED_MARKER"]).touch)
