"""Environments that have this one's packages and other plugins of pytest, from a package index."""

from __future__ import annotations

import re
import site
import subprocess
import sys
from pathlib import Path

import pytest

from tests.distributed.conftest import ROOT

# What was seen to work; its own dependencies are taken as the index has them.
VERSIONS = {
    "pytest-asyncio": "1.5.0",
    "pytest-benchmark": "5.3.1",
    "pytest-clarity": "1.0.1",
    "pytest-cov": "7.1.0",
    "pytest-env": "1.8.5",
    "pytest-forked": "1.7.5",
    "pytest-freezegun": "0.4.2",
    "pytest-freezer": "0.4.9",
    "pytest-html": "4.2.0",
    "pytest-instafail": "0.5.0",
    "pytest-mock": "3.17.0",
    "pytest-order": "1.5.0",
    "pytest-randomly": "5.1.0",
    "pytest-repeat": "0.9.4",
    "pytest-rerunfailures": "16.7",
    "pytest-socket": "0.8.1",
    "pytest-subtests": "0.15.0",
    "pytest-sugar": "1.1.1",
    "pytest-timeout": "2.4.0",
    "hypothesis": "6.170.17",
}

_NO_INDEX = re.compile(
    r"NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|Temporary failure in name resolution"
)


def environment(folder: Path, *plugins: str) -> Path:
    """The interpreter of a new environment in a folder, which has these plugins.

    Skips the test where no package index can be reached.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    (packages,) = folder.glob("lib/python*/site-packages")
    lines = [f"import site; site.addsitedir({path!r})" for path in site.getsitepackages()]
    (packages / "base.pth").write_text("\n".join([str(ROOT), *lines]))
    wanted = [f"{plugin}=={VERSIONS[plugin]}" for plugin in plugins]
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    done = subprocess.run(
        [*pip, "install", "--quiet", "--retries", "1", "--timeout", "20", *wanted],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and _NO_INDEX.search(done.stderr):
        pytest.skip(f"no package index can be reached: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    return python
