"""The versions for which pages are true."""

from __future__ import annotations

import functools
import re

from docs._generate.markdown import ROOT


@functools.cache
def versions_note() -> str:
    """One sentence: the tested versions, and how to try another one."""
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    tensorflow, keras = (_pinned(pinned, name) for name in ("tensorflow", "keras"))
    return (
        f"Tested with TensorFlow {tensorflow} and Keras {keras}. `testbed run --python PATH` runs"
        " the scenarios in another interpreter, with its TensorFlow, and reports what differs."
    )


def _pinned(constraints: str, name: str) -> str:
    found = re.search(rf"^{name}==([\w.]+)", constraints, re.MULTILINE)
    assert found, f"constraints.txt pins no {name}"
    return found[1]
