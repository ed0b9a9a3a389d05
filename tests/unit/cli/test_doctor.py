"""What the doctor says of the environment."""

from __future__ import annotations

import os

import pytest

from testbed.cli.commands import doctor


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment with nothing in it."""
    for name in os.environ:
        monkeypatch.delenv(name)
    return monkeypatch


def test_what_misleads_has_a_reason_and_a_cure(environment: pytest.MonkeyPatch) -> None:
    """A variable that workers are kept from is told with the reason and what to do."""
    environment.setenv("KERAS_BACKEND", "jax")
    (finding,) = doctor._environment()
    assert finding.what.startswith("KERAS_BACKEND is set: Keras works for another framework")
    assert finding.cure.startswith("unset KERAS_BACKEND")


def test_what_reaches_workers_is_listed(environment: pytest.MonkeyPatch) -> None:
    """What changes TensorFlow and is kept, since it may be on purpose, is told without a cure."""
    environment.setenv("NCCL_DEBUG", "INFO")
    environment.setenv("TF_TOKEN", "hunter2")
    nothing_misleads, kept = doctor._environment()
    assert nothing_misleads.what == "no inherited variable misleads workers"
    assert kept.what == "workers get from your environment: NCCL_DEBUG=INFO, TF_TOKEN=(left out)"
    assert (nothing_misleads.cure, kept.cure) == ("", "")


def test_nothing_is_listed_where_nothing_is_set(environment: pytest.MonkeyPatch) -> None:
    """An environment without anything of TensorFlow's needs no line."""
    environment.setenv("HOME", "/home/me")
    assert len(list(doctor._environment())) == 1
