"""The versions for which pages are true."""

from __future__ import annotations

import functools
import re

from docs._generate.markdown import ROOT
from testbed.catalogue.releases import TENSORFLOW


@functools.cache
def versions_note() -> str:
    """One sentence: the tested versions, and how to try another one."""
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    tensorflow, keras = (_pinned(pinned, name) for name in ("tensorflow", "keras"))
    return (
        f"Written for TensorFlow {tensorflow} and Keras {keras}; the testbed is tested with"
        f" TensorFlow {TENSORFLOW}. `--python PATH` runs scenarios and your programs in another"
        " interpreter, with its TensorFlow: [versions](../guides/versions.md)."
    )


def _pinned(constraints: str, name: str) -> str:
    found = re.search(rf"^{name}==([\w.]+)", constraints, re.MULTILINE)
    assert found, f"constraints.txt pins no {name}"
    return found[1]
