"""All ways to end a program that are held against plain python."""

from __future__ import annotations

from tests.distributed.endings.exits import EXIT_CODES
from tests.distributed.endings.last_steps import AT_THE_END, STREAMS
from tests.distributed.endings.processes import PROCESSES, SIGNALS
from tests.distributed.endings.surroundings import SURROUNDINGS
from tests.distributed.endings.uncaught import UNCAUGHT

ENDINGS = {
    **EXIT_CODES,
    **UNCAUGHT,
    **AT_THE_END,
    **STREAMS,
    **PROCESSES,
    **SIGNALS,
    **SURROUNDINGS,
}
