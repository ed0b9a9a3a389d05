"""Options and arguments of the pytest session in a worker, derived from those of this session."""

from __future__ import annotations

from typing import Any

import pytest

# Plugins whose output comes from the launching process already, or that start processes.
NOT_IN_WORKERS = (
    "xdist",
    "xdist.looponfail",
    "faulthandler",
)

# The launching process selects and repeats tests. The output of a worker goes to its log.
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
    # Otherwise pytest-cov would delete the data of other workers.
    "cov_append": True,
}

_SAME_IN_EVERY_WORKER = {"hypothesis_seed": "0"}
"""Defaults that replace random ones: a step needs the same examples in every worker."""


def options_of(config: pytest.Config) -> dict[str, Any]:
    """The options for the session in a worker, by their names in `config.option`."""
    given = {name: value for name, value in vars(config.option).items() if _is_json(value)}
    # The files to collect are arguments of that session, not an option.
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
    """The arguments for a session that collects the file of a test."""
    without = [argument for name in NOT_IN_WORKERS for argument in ("-p", f"no:{name}")]
    # pytest does not accept a path with a bracket, so then it gets the nearest folder without one.
    around = [item.path, *item.path.parents]
    return [*without, str(next(path for path in around if "[" not in str(path)))]


def _is_json(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(map(_is_json, value))
    if isinstance(value, dict):
        return all(isinstance(name, str) for name in value) and all(map(_is_json, value.values()))
    return value is None or isinstance(value, (str, int, float))
