"""What the same program does without replication, and with it does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from testbed.check.finding import Finding
from testbed.check.rules.together import line_with
from testbed.check.rules.words import bare
from testbed.check.seen import Raised, Seen


def unlike(seen: Sequence[Seen], raised: Raised | None, alone: Seen) -> Iterator[Finding]:
    """What differs from a run without replication, which came to its end.

    Args:
        seen: of every worker, worker 0 first.
        raised: an exception that nothing else explains.
        alone: what was seen without replication.
    """
    if raised:
        line = line_with(("",), raised)
        told = f"{raised.type}: {line}" if line else f"{raised.type} with an empty message"
        told += "; without replication the program comes to its end"
        yield Finding("TB501", raised.place, told)
    elsewhere = {each.place for each in alone.no_gradients}
    for each in seen[0].no_gradients:
        if each.place and each.place not in elsewhere:
            told = f"no gradient of '{bare(each.source)}' is found, and without replication one is"
            yield Finding("TB502", each.place, told)
