"""Marks tests that compare all that a command prints."""

from __future__ import annotations

import pytest

from testbed.launcher.interpreter.interpreter import notice_on

compares_whole_output = pytest.mark.skipif(
    bool(notice_on()), reason="the notice about an untested TensorFlow is in the output, too"
)
