"""Writes of TF_CONFIG after the strategy that would have read it."""

from __future__ import annotations

import os
from typing import Any

import pytest
import tensorflow as tf

from testbed.worker.watching.together.cluster_config import ClusterConfig
from tests.watching.observing import Lines

HERE = Lines(__file__)


class Workers(tf.distribute.MultiWorkerMirroredStrategy):  # type: ignore[misc]
    """Such a strategy with a cluster that nobody has to join."""

    def __init__(self) -> None:
        self.resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
            tf.train.ClusterSpec({"worker": ["a:1", "b:1"]}), task_type="worker", task_id=1
        )

    @property
    def cluster_resolver(self) -> Any:
        """The cluster."""
        return self.resolver


@pytest.fixture
def config() -> ClusterConfig:
    """Observes a program that has made its strategy."""
    made = ClusterConfig()
    made.strategy_created(Workers())  # at: made
    return made


def test_a_late_write_is_kept_with_the_cluster_that_was_joined(config: ClusterConfig) -> None:
    """Both lines, the value, the steps so far, and the strategy's own task are."""
    config.changed("{}", 4)  # at: written
    (write,) = config.writes()
    assert (HERE.name(write.place), HERE.name(write.made)) == ("written", "made")
    assert (write.value, write.step, write.for_others) == ("{}", 4, False)
    joined = {"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}}
    assert write.joined == joined


def test_what_is_no_late_write(mirrored: Any, config: ClusterConfig) -> None:
    """Removals, writes before such a strategy, and writes that a further one reads."""
    config.changed(None, 0)
    assert list(config.writes()) == []
    config.changed("{}", 0)
    config.strategy_created(Workers())
    assert list(config.writes()) == []
    other = ClusterConfig()
    other.strategy_created(mirrored)
    other.changed("{}", 0)
    assert list(other.writes()) == []


def test_a_write_before_another_program_is_started(config: ClusterConfig) -> None:
    """It may be meant for that program."""
    config.changed("{}", 0)
    assert os.system("true") == 0
    assert [write.for_others for write in config.writes()] == [True]
