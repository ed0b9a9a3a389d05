"""Workers get typed orders: each entry has one class of orders, and one function for it."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testbed.launcher.entry import Entry
from tests.house.sources import TESTBED, all_modules, functions_of, nodes_of, python_files, short

# Entries of workers; and the launcher's own, for a process beside the workers.
FOLDERS = (TESTBED / "orders", TESTBED / "launcher/nccl")


def declared() -> dict[str, Entry[Any]]:
    """Every entry by the name of its constant."""
    return {
        name: value
        for path in itertools.chain.from_iterable(map(python_files, FOLDERS))
        for name, value in vars(importlib.import_module(_module_of(path))).items()
        if isinstance(value, Entry)
    }


def _module_of(path: Path) -> str:
    return next(name for name, file in all_modules().items() if file == path)


def implementations() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef, str]]:
    """The constant of each implemented entry, its function, and the function's full name."""
    for module, path in all_modules().items():
        for function in functions_of(path):
            for decorator in map(ast.unparse, function.decorator_list):
                entry, dot, name = decorator.rpartition(".")
                if dot and name == "implementation":
                    yield entry, function, f"{module}:{function.name}"


def test_every_entry_is_implemented_once() -> None:
    """The function of an entry is the one that its name names."""
    assert declared()
    assert sorted((entry, name) for entry, _, name in implementations()) == sorted(
        (constant, entry.name) for constant, entry in declared().items()
    )


@pytest.mark.parametrize("constant", declared())
def test_an_entry_has_typed_orders(constant: str) -> None:
    """Orders are a frozen dataclass, and the function declares that class and no other."""
    orders = declared()[constant].orders
    assert dataclasses.is_dataclass(orders)
    assert orders.__dataclass_params__.frozen  # type: ignore[attr-defined]
    (function,) = (each for entry, each, _ in implementations() if entry == constant)
    annotation = function.args.args[0].annotation
    assert annotation is not None
    assert ast.unparse(annotation) == orders.__name__


def test_no_orders_are_read_by_key() -> None:
    """Neither a subscription nor `get` of a name `orders`, anywhere in the package."""
    found = [
        f"{short(path)}:{node.lineno}"
        for path in python_files(TESTBED)
        for node in nodes_of(path)
        if isinstance(node, ast.expr) and _is_key_of_orders(node)
    ]
    assert found == []


def _is_key_of_orders(node: ast.expr) -> bool:
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Name) and node.value.id == "orders"
    return isinstance(node, ast.Attribute) and ast.unparse(node) == "orders.get"


def test_an_entry_takes_no_other_function() -> None:
    """A function under another name than the entry's is rejected when its module is imported."""
    entry = Entry("testbed.worker.main:another", next(iter(declared().values())).orders)
    with pytest.raises(TypeError, match=r"implements testbed\.worker\.main:another$"):
        entry.implementation(lambda _orders, _channel: None)
