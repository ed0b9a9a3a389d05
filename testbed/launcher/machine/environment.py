"""Builds the environment of workers: removes misleading variables, adds needed ones."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Inherited by accident, each of these changes a cluster's behaviour without a message, or
# breaks it. Measured on TensorFlow 2.21; the NCCL variables were read in its sources.
MISLEADING = {
    "TF_CONFIG": "describes another cluster, which workers would try to join",
    "http_proxy": "gRPC sends the workers' own traffic to it",
    "https_proxy": "gRPC sends the workers' own traffic to it",
    "grpc_proxy": "gRPC sends the workers' own traffic to it",
    "GRPC_ADDRESS_HTTP_PROXY": "gRPC sends the workers' own traffic to it",
    "HTTP_PROXY": "libraries send loopback traffic to it",
    "HTTPS_PROXY": "gRPC and libraries send loopback traffic to it",
    "ALL_PROXY": "libraries send loopback traffic to it",
    "all_proxy": "libraries send loopback traffic to it",
    "TF_GRPC_REUSE_PORT": "lets other programs share a worker's port, which only testbed may",
    "TF_ENABLED_DEVICE_TYPES": "TensorFlow leaves out the other devices, the CPU's included",
    "TF_NUM_INTEROP_THREADS": "with one or two of them a worker deadlocks",
    "KERAS_BACKEND": "Keras works for another framework, and TensorFlow's strategies fail",
    "NCCL_SOCKET_IFNAME": "names an interface that the workers' own network does not have",
    "NCCL_COMM_ID": "makes all workers of all cases meet at one address",
}

# A benchmark keeps these, to run as fast as the user's programs.
_TUNED = {"TF_NUM_INTEROP_THREADS"}

# Terraform's variables begin with TF_, too, and some hold private data.
_NO_TERRAFORM = (
    r"(?!TF_(VAR|CLI|TOKEN|HTTP|REGISTRY|STATE|PLUGIN|REATTACH|ENCRYPTION)_"
    r"|TF_(LOG|INPUT|WORKSPACE|DATA_DIR|IN_AUTOMATION)\b)"
)
_OF_TENSORFLOW = re.compile(rf"{_NO_TERRAFORM}(TF|XLA|NCCL|GRPC)_")

# One thread per process before the fork: OpenBLAS would start more when numpy is imported, and so
# would Arrow's allocator, which Keras imports with pandas where that is installed (pyarrow 26).
SINGLE_THREADED = {
    "OPENBLAS_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}

# Variables that explain a run. Any other variable may hold a secret, whatever its name.
_TELLING = re.compile(
    rf"{_NO_TERRAFORM}(TF|TF2|XLA|NCCL|GRPC|CUDA|CUDNN|NVIDIA|KERAS|OMP|OPENBLAS|MKL|KMP|GOMP|PYTHON|CONDA|LC|SLURM"
    r"|OMPI|PMI|TESTBED)[A-Z0-9_]*"
    r"|PATH|LD_LIBRARY_PATH|LD_PRELOAD|VIRTUAL_ENV|LANG|LANGUAGE|TZ|TERM|COLUMNS|PWD|TMPDIR"
    r"|HOSTNAME|PORTSERVER_ADDRESS|MALLOC_[A-Z_]+|(http|https|grpc|all|no)_proxy"
    r"|(HTTP|HTTPS|GRPC|ALL|NO)_PROXY"
)
_SECRET = re.compile(
    r"TOKEN|SECRET|PASS|.PWD$|CREDENTIAL|KEY|AUTH|COOKIE|SIGNATURE|SESSION|CERT|PRIVATE|JWT|DSN",
    re.IGNORECASE,
)
LEFT_OUT = "(left out)"

# User and password up to the last @, since a password may contain one; and the text after
# a ?, which signs the addresses of clouds' stores.
_IN_ADDRESS = re.compile(r"(?://\S*|^[^/\s]+)(?=@)|(?<=\?)\S+")


# Logs are read as UTF-8, and a worker must not fail on a letter that the terminal lacks.
PRINTS_ANYTHING = {"PYTHONIOENCODING": "utf-8:backslashreplace"}

# Values are compared to their last digit. oneDNN's depend on the processor, and GPUs since Ampere
# multiply float32 in TF32, which keeps three digits.
EXACT = {"TF_ENABLE_ONEDNN_OPTS": "0", "NVIDIA_TF32_OVERRIDE": "0"}


def server_environment(inherited: Mapping[str, str], *, exact: bool = True) -> dict[str, str]:
    """The environment of the preloaded server, which every forked worker inherits.

    With `exact`, operations compute the same on every processor; without, they run as fast as in
    the user's programs.
    """
    unwanted = MISLEADING.keys() if exact else MISLEADING.keys() - _TUNED
    kept = {name: value for name, value in inherited.items() if name not in unwanted}
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "2", "PYTHONUNBUFFERED": "1"}
    return {**quiet, **(EXACT if exact else {}), **kept, **SINGLE_THREADED, **PRINTS_ANYTHING}


def kept_from(inherited: Mapping[str, str]) -> list[str]:
    """Inherited variables that change TensorFlow, as `NAME=value`; they may be intended."""
    found = {
        name: value
        for name, value in inherited.items()
        if _OF_TENSORFLOW.match(name) and name not in MISLEADING
    }
    return [f"{name}={value}" for name, value in without_secrets(found).items()]


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for a record: values that explain a run, and only names of the rest."""
    return {name: _shown(name, value) for name, value in sorted(environment.items())}


def _shown(name: str, value: str) -> str:
    if not _TELLING.fullmatch(name) or _SECRET.search(name):
        return LEFT_OUT
    return _IN_ADDRESS.sub(lambda cut: "//" * cut[0].startswith("//") + LEFT_OUT, value)
