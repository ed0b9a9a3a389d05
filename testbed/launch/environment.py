"""The environment that workers get: what must not leak in, and what they need."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Inherited by accident, each of these changes what a cluster does without a word.
MISLEADING = {
    "TF_CONFIG": "describes another cluster, which workers would try to join",
    "http_proxy": "gRPC sends the workers' own traffic to it",
    "https_proxy": "gRPC sends the workers' own traffic to it",
    "grpc_proxy": "gRPC sends the workers' own traffic to it",
    "HTTP_PROXY": "libraries send loopback traffic to it",
    "HTTPS_PROXY": "gRPC and libraries send loopback traffic to it",
    "ALL_PROXY": "libraries send loopback traffic to it",
    "all_proxy": "libraries send loopback traffic to it",
}

# One thread per process before the fork: OpenBLAS would start its own when numpy is imported.
SINGLE_THREADED = {"OPENBLAS_NUM_THREADS": "1"}

_SECRET = re.compile(r"TOKEN|SECRET|PASS|CREDENTIAL|KEY|AUTH|COOKIE", re.IGNORECASE)
_USERINFO = re.compile(r"//[^/@\s]+@")


# Values are read to their last digit, and oneDNN's depend on the processor.
EXACT = {"TF_ENABLE_ONEDNN_OPTS": "0"}


def server_environment(inherited: Mapping[str, str], *, exact: bool = True) -> dict[str, str]:
    """The environment of the preloaded server, which every forked worker starts from.

    With `exact`, operations compute the same on every processor; without, as fast as they do
    elsewhere.
    """
    kept = {name: value for name, value in inherited.items() if name not in MISLEADING}
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "2", "PYTHONUNBUFFERED": "1"}
    return {**quiet, **(EXACT if exact else {}), **kept, **SINGLE_THREADED}


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment as it may be written down: values of secret-looking names are cut."""
    return {
        name: "(left out)" if _SECRET.search(name) else _USERINFO.sub("//(left out)@", value)
        for name, value in sorted(environment.items())
    }
