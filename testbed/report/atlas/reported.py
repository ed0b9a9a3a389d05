"""Atlases that `testbed report` shows."""

from __future__ import annotations

from collections.abc import Sequence

from testbed.errors import UsageError
from testbed.report.atlas.atlas import Atlas
from testbed.report.atlas.merging import atlas_of
from testbed.report.atlas.text import show_atlas
from testbed.report.formats.registry import ATLAS
from testbed.report.output.reported import Reported
from testbed.report.records.record import RunRecord


def report_of_versions(runs: Sequence[RunRecord], *, alone: bool) -> Reported:
    """The report of runs with several versions of TensorFlow.

    Args:
        runs: the runs.
        alone: whether only runs were given.

    Raises:
        UsageError: something else was given, too, or the runs are not of different versions.
    """
    if not alone:
        raise UsageError(
            "three files or more: the records of runs with different versions of TensorFlow, and"
            " nothing else"
        )
    return report_of_atlas(atlas_of(runs), alone=True)


def report_of_atlas(atlas: Atlas, *, alone: bool) -> Reported:
    """The report of an atlas.

    Args:
        atlas: the atlas.
        alone: whether it is the only input.

    Raises:
        UsageError: it is not the only input.
    """
    if not alone:
        raise UsageError("an atlas is shown alone; give the records of runs to make another one")
    return Reported(ATLAS, atlas, lambda: show_atlas(atlas))
