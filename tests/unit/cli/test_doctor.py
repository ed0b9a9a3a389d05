"""What the doctor says of the environment."""

from __future__ import annotations

import os

import pytest

from testbed.cli.main import main
from tests.unit.cli.doctor import without_workers


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment with nothing in it, on a machine that has whatever the doctor asks of it."""
    for name in os.environ:
        monkeypatch.delenv(name)
    without_workers(monkeypatch)
    return monkeypatch


def test_what_misleads_has_a_reason_and_a_cure(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A variable that workers are kept from is told with the reason and what to do."""
    environment.setenv("KERAS_BACKEND", "jax")
    assert main(["doctor"]) == 1
    shown = capsys.readouterr().out
    assert "\nlook  KERAS_BACKEND is set: Keras works for another framework" in shown
    assert "\n      cure: unset KERAS_BACKEND" in shown


def test_what_reaches_workers_is_listed(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What changes TensorFlow and is kept, since it may be on purpose, is told without a cure."""
    environment.setenv("NCCL_DEBUG", "INFO")
    environment.setenv("TF_TOKEN", "hunter2")
    main(["doctor"])
    shown = capsys.readouterr().out
    assert "\n  ok  no inherited variable misleads workers\n" in shown
    kept = "workers get from your environment: NCCL_DEBUG=INFO, TF_TOKEN=(left out)"
    assert f"\n  ok  {kept}\n" in shown


def test_nothing_is_listed_where_nothing_is_set(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An environment without anything of TensorFlow's needs no line."""
    environment.setenv("HOME", "/home/me")
    main(["doctor"])
    shown = capsys.readouterr().out
    assert "no inherited variable misleads workers" in shown
    assert "workers get from your environment" not in shown
