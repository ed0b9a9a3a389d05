"""The versions of TensorFlow that the matrix covers, and what each of them needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from testbed.errors import UsageError


@dataclass(frozen=True)
class Version:
    """A version of TensorFlow with one of Keras, and the environment that has them."""

    name: str
    requirements: tuple[str, ...]
    """What pip installs."""
    pythons: tuple[str, ...]
    """The versions of Python for which TensorFlow has a wheel, and that testbed supports."""
    environment: str = ""
    """The name of the environment, where another version has the same one."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables of its runs."""

    @property
    def environment_name(self) -> str:
        """The name of the folder of its environment."""
        return self.environment or self.name


_UNTIL_3_11 = ("3.11", "3.10")
_UNTIL_3_12 = ("3.12", *_UNTIL_3_11)
_UNTIL_3_13 = ("3.13", *_UNTIL_3_12)
_NEWEST = ("tensorflow==2.21.0", "tf_keras==2.21.*", "numpy>=1.26")

VERSIONS = (
    Version("2.15", ("tensorflow==2.15.1", "tf_keras==2.15.*", "numpy<2"), _UNTIL_3_11),
    Version("2.16", ("tensorflow==2.16.2", "tf_keras==2.16.*", "numpy<2"), _UNTIL_3_12),
    Version("2.17", ("tensorflow==2.17.1", "tf_keras==2.17.*", "numpy<2"), _UNTIL_3_12),
    Version("2.18", ("tensorflow==2.18.1", "tf_keras==2.18.*", "numpy<2.1"), _UNTIL_3_12),
    Version("2.19", ("tensorflow==2.19.1", "tf_keras==2.19.*", "numpy<2.2"), _UNTIL_3_12),
    Version("2.20", ("tensorflow==2.20.0", "tf_keras==2.20.*", "numpy>=1.26"), _UNTIL_3_13),
    Version("2.21", _NEWEST, _UNTIL_3_13),
    Version("2.21-keras2", _NEWEST, _UNTIL_3_13, "2.21", {"TF_USE_LEGACY_KERAS": "1"}),
    Version("nightly", ("tf-nightly", "tf-keras-nightly", "numpy>=1.26"), _UNTIL_3_13),
)
"""The last bug-fix of each minor version, the newest one also with Keras 2, and the nightly one."""


def chosen(names: Sequence[str]) -> list[Version]:
    """The versions with these names; all of them where none is given.

    Raises:
        UsageError: there is no such version.
    """
    known = {version.name: version for version in VERSIONS}
    for name in names:
        if name not in known:
            raise UsageError(f"unknown version '{name}': choose from {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names)] or list(VERSIONS)
