"""The libraries of CUDA that TensorFlow opens, and the package that brings each."""

from __future__ import annotations

from dataclasses import dataclass

ALL_PACKAGES = "pip install 'tensorflow[and-cuda]'"
"""Installs every library below, in the versions that fit the installed TensorFlow."""


LEAST_DRIVER = {12: "525.60.13 or newer", 13: "580.65.06 or newer"}
"""The least driver for Linux, by CUDA's major version."""


@dataclass(frozen=True)
class CudaLibrary:
    """A library of CUDA that TensorFlow opens by name."""

    file: str
    """The name under which TensorFlow opens it."""
    package: str
    """The package on PyPI that brings it."""
    folder: str
    """The folder that the package puts it into, beside TensorFlow's."""


NCCL = CudaLibrary("libnccl.so.2", "nvidia-nccl-cu12", "nvidia/nccl/lib")
"""TensorFlow 2.21 opens it when replicas on several GPUs first reduce; earlier ones contain it."""

# Read from what the dynamic linker was asked for, by TensorFlow 2.15 (cuDNN 8) and 2.21 (cuDNN 9).
# One missing library is enough for no GPU at all.
_OF_CUDA_12 = (
    ("libcudart.so.12", "cuda_runtime"),
    ("libcublas.so.12", "cublas"),
    ("libcublasLt.so.12", "cublas"),
    ("libcufft.so.11", "cufft"),
    ("libcusolver.so.11", "cusolver"),
    ("libcusparse.so.12", "cusparse"),
)


def cuda_libraries(cuda: str, cudnn: str) -> tuple[CudaLibrary, ...]:
    """The libraries that a TensorFlow needs for GPUs; none where they are not known.

    Args:
        cuda: the CUDA version that TensorFlow was built for, like `12.5.1`.
        cudnn: the cuDNN version that it was built for, like `9`.
    """
    if cuda.partition(".")[0] != "12":
        return ()
    names = (*_OF_CUDA_12, (f"libcudnn.so.{cudnn.partition('.')[0]}", "cudnn"))
    return tuple(
        CudaLibrary(file, f"nvidia-{folder.replace('_', '-')}-cu12", f"nvidia/{folder}/lib")
        for file, folder in names
    )


def package_of(file: str, cuda: str, cudnn: str) -> str:
    """The package that brings a library; see `cuda_libraries`."""
    libraries = (*cuda_libraries(cuda, cudnn), NCCL)
    return next(each.package for each in libraries if each.file == file)
