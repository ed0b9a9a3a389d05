"""Marks parameters of tests for `make soak`."""

from __future__ import annotations

from typing import Any

import pytest


def later(*values: object, name: str | None = None) -> Any:
    """Parameters, with an optional id, that repeat the promise of others in `make test`."""
    return pytest.param(*values, id=name, marks=pytest.mark.soak)
