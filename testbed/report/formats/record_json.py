"""The JSON text of a record of any kind."""

from __future__ import annotations

from typing import Any, Protocol

from testbed.launcher.run_folder import json_text


class JsonRecord(Protocol):
    """A record of any kind."""

    def to_json(self) -> dict[str, Any]:
        """The record as JSON types."""


def record_text(record: JsonRecord) -> str:
    """The JSON text of a record, as its file contains it."""
    return json_text(record.to_json())
