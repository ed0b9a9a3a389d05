"""Whether the kernel allows namespaces here."""

import os
import subprocess

import pytest


def can_isolate() -> bool:
    """What the kernel allows here, asked of util-linux and not of the testbed."""
    command = ["unshare", "--net", "--pid", "--fork", "--mount-proc", "true"]
    if os.geteuid():
        command[1:1] = ["--user", "--map-root-user"]
    return subprocess.run(command, capture_output=True).returncode == 0


needs_namespaces = pytest.mark.skipif(not can_isolate(), reason="no namespaces are allowed here")
