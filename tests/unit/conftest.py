"""Settings of a session that has unit tests: it makes some million objects that live on."""

from __future__ import annotations

import gc

# The collector's searches would take an eighth of the session.
gc.set_threshold(100_000, 20, 20)


def pytest_collection_finish() -> None:
    """Keep the collected tests, and what they have imported, from the collector."""
    gc.freeze()
