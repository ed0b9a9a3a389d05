"""Runs the parts of the matrix on one version, and keeps each outcome as soon as it is known."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from testbed.decoding import decoded
from testbed.errors import LaunchError
from tests.matrix.environments import make_environment
from tests.matrix.outcome import Outcome, Result, Software, keep, kept
from tests.matrix.parts import PARTS, Place
from tests.matrix.versions import Version

_ASK = """
import json, platform, sys, numpy, tensorflow as tf
keras = sys.modules[tf.keras.__name__.partition(".")[0]].__version__
names = dict(tensorflow=tf.__version__, keras=keras, numpy=numpy.__version__)
print(json.dumps(dict(names, python=platform.python_version())))
"""
_UNKNOWN = Software("", "", "", "")


def outcomes(version: Version, parts: Sequence[str], folder: Path, jobs: int) -> Iterator[Outcome]:
    """Run the parts on a version that have not yet run to their ends there.

    A problem of one part, or of the environment, is an outcome; it does not end the others.
    """
    own = folder / version.name
    own.mkdir(parents=True, exist_ok=True)
    left = [part for part in parts if not _has_ended(_file_of(part, own))]
    if not left:
        return
    try:
        python = make_environment(version, folder / "environments", own / "pip.log")
        software = _software(python, version)
    except (LaunchError, OSError) as problem:
        for part in left:
            yield _keep(own, version, part, _UNKNOWN, Result("", problem=str(problem)), 0.0)
        return
    place = Place(version, python, own, jobs)
    for part in left:
        began = time.monotonic()
        result = _run(part, place)
        yield _keep(own, version, part, software, result, time.monotonic() - began)


def all_kept(versions: Sequence[Version], folder: Path) -> list[Outcome]:
    """The outcomes in a folder, of all runs, in the order of the versions and parts."""
    found = [kept(_file_of(part, folder / each.name)) for each in versions for part in PARTS]
    return [outcome for outcome in found if outcome]


def _file_of(part: str, folder: Path) -> Path:
    return folder / f"{part}.json"


def _has_ended(path: Path) -> bool:
    outcome = kept(path)
    return outcome is not None and outcome.ended


def _run(part: str, place: Place) -> Result:
    try:
        return PARTS[part](place)
    except (OSError, ValueError, SyntaxError, subprocess.SubprocessError) as problem:
        return Result("", problem=f"{type(problem).__name__}: {problem}")


def _software(python: Path, version: Version) -> Software:
    """The versions in an environment.

    Raises:
        LaunchError: TensorFlow cannot be imported there.
    """
    variables = {**os.environ, **version.variables, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [python, "-c", _ASK], env=variables, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:]
        raise LaunchError(f"TensorFlow cannot be imported: {''.join(last)}")
    return decoded(Software, json.loads(done.stdout))


def _keep(
    folder: Path, version: Version, part: str, software: Software, result: Result, seconds: float
) -> Outcome:
    outcome = Outcome(version.name, part, software, result, round(seconds, 1))
    keep(outcome, _file_of(part, folder))
    return outcome
