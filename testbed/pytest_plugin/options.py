"""What the session in a worker is started with: what this one was, as far as it holds there."""

from __future__ import annotations

from typing import Any

import pytest

# Plugins that show or write what the launching process shows and writes, or that start processes.
_NOT_IN_WORKERS = (
    "xdist",
    "xdist.looponfail",
    "faulthandler",
)

# Which tests run is decided here, and so is how often. Output goes to a worker's log.
_DECIDED_HERE = {
    "capture": "no",
    "usepdb": False,
    "trace": False,
    "lf": False,
    "failedfirst": False,
    "newfirst": False,
    "stepwise": False,
    "stepwise_skip": False,
    "maxfail": 0,
    "deselect": None,
    "keyword": "",
    "markexpr": "",
    # pytest-cov would delete what other workers have measured.
    "cov_append": True,
}

_SAME_IN_EVERY_WORKER = {"hypothesis_seed": "0"}
"""What is drawn at random otherwise: replicas of a step need the same examples in every worker."""


def options_of(config: pytest.Config) -> dict[str, Any]:
    """The options of a session, by their names in `config.option`, for a worker's."""
    given = {name: value for name, value in vars(config.option).items() if _is_json(value)}
    # What is collected is an argument, not an option.
    given.pop("file_or_dir", None)
    return {
        **given,
        **_DECIDED_HERE,
        **{
            name: value
            for name, value in _SAME_IN_EVERY_WORKER.items()
            if name in given and given[name] is None
        },
        "rootdir": str(config.rootpath),
        "inifilename": str(config.inipath) if config.inipath else None,
    }


def arguments_of(item: pytest.Item) -> list[str]:
    """The arguments of a session that collects the file of a test."""
    without = [argument for name in _NOT_IN_WORKERS for argument in ("-p", f"no:{name}")]
    # pytest takes no argument with a bracket for a file, so there it gets a folder around it.
    around = [item.path, *item.path.parents]
    return [*without, str(next(path for path in around if "[" not in str(path)))]


def _is_json(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(map(_is_json, value))
    if isinstance(value, dict):
        return all(isinstance(name, str) for name in value) and all(map(_is_json, value.values()))
    return value is None or isinstance(value, (str, int, float))
