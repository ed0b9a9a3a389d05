"""One TensorFlow for all of these tests: two logical CPUs, and one strategy over both."""

from __future__ import annotations

import random
from typing import Any

import numpy
import pytest
import tensorflow as tf


@pytest.fixture(scope="session", autouse=True)
def two_cpus() -> None:
    """Has to come before anything that starts TensorFlow's runtime."""
    tf.config.set_visible_devices([], "GPU")
    only = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(only, [tf.config.LogicalDeviceConfiguration()] * 2)


@pytest.fixture(scope="session")
def mirrored(two_cpus: None) -> Any:
    """A strategy of two replicas in this process."""
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


@pytest.fixture(autouse=True)
def _own_random_state() -> Any:
    """The random state of this process is as before, whatever a test draws or seeds."""
    states = random.getstate(), numpy.random.get_state()
    yield
    random.setstate(states[0])
    numpy.random.set_state(states[1])
    tf.random.set_seed(None)
