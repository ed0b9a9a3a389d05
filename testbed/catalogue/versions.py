"""Versions of TensorFlow and Keras, and the ranges of them for which a rule holds."""

from __future__ import annotations

from dataclasses import dataclass, field

from testbed.catalogue.releases import ReleaseRange


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
