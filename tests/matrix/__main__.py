"""`python -m tests.matrix`: runs the parts on the versions, and writes a table and the records.

A part that ran to its end on a version is not run again; remove its file to repeat it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from testbed.errors import UsageError
from testbed.launcher.run_folder import write_text
from tests.matrix.environments import ROOT
from tests.matrix.parts import PARTS, SAMPLE
from tests.matrix.run import all_kept, outcomes
from tests.matrix.table import table
from tests.matrix.versions import VERSIONS, chosen


def main(words: Sequence[str]) -> int:
    """Run what the command line names; 1 if a part had a surprise or a problem."""
    options = _parsed(words)
    folder: Path = options.folder.resolve()
    try:
        versions, parts = chosen(options.versions), chosen_parts(options.parts)
    except UsageError as problem:
        print(f"matrix: {problem}", file=sys.stderr)
        return 2
    for version in versions:
        print(f"{version.name}: {', '.join(parts)}", flush=True)
        for outcome in outcomes(version, parts, folder, options.jobs):
            print(outcome, flush=True)
    found = all_kept(VERSIONS, folder)
    text = table(found, list(PARTS))
    write_text(folder / "table.md", text)
    print(f"\n{text}\nrecords and logs: {folder}")
    good = {(each.version, each.part) for each in found if each.good}
    return 0 if good >= {(version.name, part) for version in versions for part in parts} else 1


def chosen_parts(names: Sequence[str]) -> list[str]:
    """The parts with these names in their order; all but the sample where none is given.

    Raises:
        UsageError: there is no such part.
    """
    for name in names:
        if name not in PARTS:
            raise UsageError(f"unknown part '{name}': choose from {', '.join(PARTS)}")
    return [part for part in PARTS if (part in names if names else part != SAMPLE)]


def _parsed(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    parser.add_argument("--versions", nargs="*", default=[], help="default: all")
    parser.add_argument("--parts", nargs="*", default=[], help=f"of {', '.join(PARTS)}")
    parser.add_argument("--folder", type=Path, default=ROOT / ".testbed/matrix")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1)
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
