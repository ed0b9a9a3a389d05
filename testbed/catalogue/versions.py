"""Versions of TensorFlow and Keras, and the ranges of them for which a rule holds."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from testbed.errors import UsageError

Release = tuple[int, int, int]
"""Major, minor and bug-fix number."""

_RELEASE = r"(\d+)(?:\.(\d+))?(?:\.(\d+))?"
_BOUND = re.compile(rf"(>=|<)\s*{_RELEASE}")


@dataclass(frozen=True)
class Frameworks:
    """The versions of TensorFlow and Keras that run a case."""

    tensorflow: str
    keras: str
    """The version of `tf.keras`; with TF_USE_LEGACY_KERAS=1 this is the one of tf_keras."""


NEWEST = Frameworks("2.21.0", "3.15.1")
"""The newest tested release, for lists and pages that name no version."""

TESTED = (
    Frameworks("2.15.1", "2.15.0"),
    Frameworks("2.16.2", "3.15.1"),
    Frameworks("2.17.1", "3.15.1"),
    Frameworks("2.18.1", "3.15.1"),
    Frameworks("2.19.1", "3.15.1"),
    Frameworks("2.20.0", "3.15.1"),
    Frameworks("2.21.0", "2.21.0"),
    NEWEST,
    Frameworks("2.23.0-dev20261026", "3.16.0.dev2026102704"),
)
"""The versions on which the catalogue was run. Keras 2 after TensorFlow 2.15 is tf_keras, with
TF_USE_LEGACY_KERAS=1."""


@dataclass(frozen=True)
class ReleaseRange:
    """A range of versions; without bounds it has all of them."""

    since: Release | None = None
    """The first version."""
    before: Release | None = None
    """The first version after the range."""

    def has(self, version: str) -> bool:
        """Whether a version is in the range; a pre-release counts as its release.

        Raises:
            ValueError: the text does not begin with a version.
        """
        release = release_of(version)
        return (not self.since or self.since <= release) and (
            not self.before or release < self.before
        )

    def words(self, product: str) -> str:
        """The range in words, like `since TensorFlow 2.18`; empty if it has every version."""
        parts = []
        if self.since:
            parts.append(f"since {product} {_short(self.since)}")
        if self.before:
            parts.append(f"before {'' if parts else f'{product} '}{_short(self.before)}")
        return " and ".join(parts)


@dataclass(frozen=True)
class FrameworkRange:
    """The versions of TensorFlow and Keras for which a rule holds."""

    tensorflow: ReleaseRange = field(default_factory=ReleaseRange)
    keras: ReleaseRange = field(default_factory=ReleaseRange)

    def has(self, frameworks: Frameworks) -> bool:
        """Whether both versions are in their ranges."""
        return self.tensorflow.has(frameworks.tensorflow) and self.keras.has(frameworks.keras)

    def __str__(self) -> str:
        ranges = (self.tensorflow.words("TensorFlow"), self.keras.words("Keras"))
        return ", ".join(filter(None, ranges))


def release_of(version: str) -> Release:
    """The release numbers of a version, like (2, 22, 0) of `2.22.0-dev20261101`.

    Raises:
        ValueError: the text does not begin with a version.
    """
    found = re.match(_RELEASE, version)
    if not found:
        raise ValueError(f"'{version}' is no version")
    return _numbers(found.groups())


def range_of(product: str, text: str) -> ReleaseRange:
    """The range that a text describes: `>=2.16`, `<3`, or both with a comma.

    Args:
        product: the argument that has the text, for messages.
        text: empty for every version.

    Raises:
        UsageError: the text is no range, or no version is in it.
    """
    bounds: dict[str, Release] = {}
    for part in text.split(",") if text else ():
        found = _BOUND.fullmatch(part.strip())
        if not found or found[1] in bounds:
            raise UsageError(
                f"{product}='{text}' is no range of versions; write one like '>=2.16', '<3' or"
                " '>=2.16,<2.18'"
            )
        bounds[found[1]] = _numbers(found.groups()[1:])
    since, before = bounds.get(">="), bounds.get("<")
    if since and before and since >= before:
        raise UsageError(f"no version is in {product}='{text}'")
    return ReleaseRange(since, before)


def _numbers(texts: tuple[str | None, ...]) -> Release:
    major, minor, fix = (int(each or 0) for each in texts)
    return major, minor, fix


def _short(release: Release) -> str:
    """A version without the zeros at its end, like 3 or 2.18."""
    return re.sub(r"(\.0)+$", "", ".".join(map(str, release)))
