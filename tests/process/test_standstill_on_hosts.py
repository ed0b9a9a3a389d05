"""Workers of several hosts of which one has ended, or all stand still."""

from __future__ import annotations

import re
from pathlib import Path

from tests.process.ranks import Ranks, ranks

MODULE = "tests.process.still_programs"


def run(started: Ranks) -> None:
    """Run all ranks to their end, which is a good one for each."""
    started.start_all()
    for rank in started.all:
        assert rank.process.wait(60) == 0, rank.said


def test_one_that_has_ended_leaves_its_host(tmp_path: Path) -> None:
    """Who has ended leaves when a worker on another host waits, and where that waits is known."""
    program = "one_has_more_steps"
    with ranks(tmp_path, programs=(program,), module=MODULE, release=0.9, show=600.0) as started:
        run(started)
        end = started.end(program)
        assert end["cause"] == ""
        assert re.fullmatch(
            r"worker 0 ended after 3 steps; worker 1 is in step 4's collective,"
            rf" at still_programs\.py:\d+ in {program}",
            end["left_behind"],
        )


def test_where_several_hosts_stand_still_is_told(tmp_path: Path) -> None:
    """Where workers of several hosts wait is told before the deadline ends them."""
    program = "wait_here_and_there"
    patience = {"release": 600.0, "show": 1.5}
    with ranks(
        tmp_path, 2, 30.0, programs=(program,), module=MODULE, seconds=10.0, **patience
    ) as started:
        run(started)
        end = started.end(program)
        assert end["overdue"] == "run"
        (line,) = end["shown"]
        assert re.match(r"no worker has moved for \d+ s: workers 0, 1 are in phase 'joined'", line)
        assert line.endswith(" in _wait_first")
