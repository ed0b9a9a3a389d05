"""A program that ends in some way: what `python` does with it is what a worker has to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ending:
    """A program, after its first line, which imports what most of them need."""

    text: str
    as_module: bool = False
    """Run with -m, as the module `program`, or the package of that name."""
    files: tuple[tuple[str, str], ...] = ()
    """Further files of its folder, and what they hold; `program.py`, where there is to be none."""
