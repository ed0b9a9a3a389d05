"""Finds out which ways of sharing TensorFlow objects survive `tf.distribute`.

A scenario script needs what is exported here, and nothing here imports TensorFlow.
"""

from testbed.bed import Bed
from testbed.fault import Fault
from testbed.scenario import Case, breaks, run_script, scenario

__version__ = "0.1.0"

__all__ = ["Bed", "Case", "Fault", "__version__", "breaks", "run_script", "scenario"]
