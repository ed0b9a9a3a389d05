"""A fake driver of GPUs, which this machine's compiler builds from C source."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from testbed.cluster.cuda_libraries import NCCL, cuda_libraries

SOURCE = Path(__file__).with_name("driver.c")
DRIVER, NVML = "libcuda.so.1", "libnvidia-ml.so.1"
CUDA_12 = tuple(library.file for library in cuda_libraries("12.5", "9"))
"""The libraries of CUDA that TensorFlow 2.21 opens. All fakes but the first are empty."""

UUIDS = tuple(f"{index + 1:x}0a0a0a0-a0a0-a0a0-a0a0-a0a0a0a0a000" for index in range(9))
"""The UUID of each fake GPU, without its prefix."""


def gpu(index: int) -> str:
    """The id of a fake GPU."""
    return f"GPU-{UUIDS[index]}"


def mig(index: int, instance: int) -> str:
    """The id of a MIG instance, which counts from 1, of a fake GPU."""
    return f"MIG-{UUIDS[index][:-1]}{instance}"


def built_driver(folder: Path) -> Path:
    """A folder with the fake driver and empty libraries of CUDA; for LD_LIBRARY_PATH.

    Skips the test where there is no compiler, or no TensorFlow with CUDA's headers.
    """
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("no C compiler")
    tensorflow = importlib.util.find_spec("tensorflow")
    assert tensorflow
    assert tensorflow.origin
    headers = Path(tensorflow.origin).parent / "include/third_party/gpus/cuda"
    if not (headers / "include/cuda.h").exists():
        pytest.skip("this TensorFlow has no headers of CUDA")
    folder.mkdir(parents=True)
    included = [f"-I{headers / each}" for each in ("include", "nvml/include")]
    warnings = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter"]
    made = [compiler, "-shared", "-fPIC", "-O1", *warnings, *included]
    subprocess.run([*made, str(SOURCE), "-o", str(folder / DRIVER)], check=True)
    for file in (NVML, CUDA_12[0]):
        shutil.copy(folder / DRIVER, folder / file)
    empty = folder / NCCL.file
    subprocess.run([compiler, "-shared", "-xc", os.devnull, "-o", str(empty)], check=True)
    for file in CUDA_12[1:]:
        shutil.copy(empty, folder / file)
    return folder
