"""Finds out which Python and which TensorFlow an interpreter has, without importing TensorFlow.

As a script it prints that as JSON. It runs in Python 3.7 and newer, and imports nothing of the
testbed, which that interpreter may lack.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import platform
import sys
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Installed:
    """What an interpreter has."""

    python: str
    """The version of Python."""
    tensorflow: str | None
    """The version of TensorFlow: None where it is missing, empty where its version is unknown."""
    tf_keras: str | None
    """The version of tf_keras, likewise."""


def installed() -> Installed:
    """What this interpreter has."""
    return Installed(platform.python_version(), _version_of("tensorflow"), _version_of("tf_keras"))


def _version_of(package: str) -> str | None:
    """The version of a package, from the metadata beside it, whatever distribution it is from.

    TensorFlow is in the distributions tensorflow, tensorflow-cpu, tf-nightly and others. The folder
    of the metadata is named after the version, so that nothing has to be parsed.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.origin:
        # A folder without an __init__.py is no package.
        return None
    with contextlib.suppress(OSError):
        for metadata in Path(spec.origin).parents[1].glob("*.dist-info"):
            if package in _top_level(metadata):
                return metadata.stem.partition("-")[2]
    return ""


def _top_level(metadata: Path) -> list[str]:
    """The names that a distribution adds to the imports."""
    with contextlib.suppress(OSError):
        return (metadata / "top_level.txt").read_text(encoding="utf-8").split()
    return []


if __name__ == "__main__":
    if not getattr(sys.flags, "safe_path", False):
        # The folder of this script, which holds no packages.
        del sys.path[0]
    print(json.dumps(asdict(installed())))
