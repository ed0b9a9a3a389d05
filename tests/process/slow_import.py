"""A module whose import does not end: what a preloaded server does while it starts."""

import os
import threading
from pathlib import Path

Path(os.environ["TESTBED_MARKER"]).touch()
threading.Event().wait()
