"""The reference of `import testbed`, from signatures and docstrings in the source."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import testbed
from docs._generate.markdown import Page, fence, page, section

SOURCE = "the docstrings of what testbed/__init__.py exports"
PATH = "reference/python.md"

Definition = ast.FunctionDef | ast.ClassDef

_HEAD = re.compile(r"^(Args|Returns|Raises|Yields):$")
_ENTRY = re.compile(r"^ {4}(\S[^:]*): (.*)$")


# Not exported, but given or raised by exported functions.
ALSO = {
    "Watched": "testbed.check.here",
    "Parity": "testbed.check.parity.comparison",
    "UsageError": "testbed.errors",
    "LaunchError": "testbed.errors",
}


def pages() -> list[Page]:
    """The page of the Python API."""
    names = [name for name in testbed.__all__ if not name.startswith("__")]
    exported = {name: inspect.unwrap(getattr(testbed, name)).__module__ for name in names}
    intro = "`import testbed` imports no TensorFlow. It exports:"
    listed = "\n".join(f"- [`{name}`](#{name.lower()})" for name in names)
    entries = [_entry(name, module) for name, module in {**exported, **ALSO}.items()]
    return [page(PATH, SOURCE, "# Python API", intro, listed, *entries)]


def _entry(name: str, module: str) -> str:
    definition = _definition(name, module)
    if isinstance(definition, ast.ClassDef):
        return section(f"{module}.{name}" if name in ALSO else name, *_class_blocks(definition))
    return section(name, *_function_blocks(definition, f"testbed.{name}"))


def _definition(name: str, module: str) -> Definition:
    """The definition of a name in its module."""
    file = importlib.import_module(module).__file__
    assert file
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    return next(
        node
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name
    )


def _class_blocks(definition: ast.ClassDef) -> Iterator[str]:
    yield _text(definition)
    attributes = "\n".join(_attributes(definition))
    if attributes:
        yield f"Attributes:\n\n{attributes}"
    for node in definition.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            if _is_property(node):
                continue
            yield section(
                f"{definition.name}.{node.name}", *_function_blocks(node, node.name), level=3
            )


def _attributes(definition: ast.ClassDef) -> Iterator[str]:
    """Annotated fields with the strings below them, and properties."""
    following = [*definition.body[1:], None]
    for node, after in zip(definition.body, following, strict=True):
        if isinstance(node, ast.AnnAssign):
            note = _string(after)
            default = f" = {ast.unparse(node.value)}" if node.value else ""
            typed = f"{ast.unparse(node.target)}: {ast.unparse(node.annotation)}{default}"
            yield f"- `{typed}`{': ' * bool(note)}{note}"
        elif isinstance(node, ast.FunctionDef) and _is_property(node):
            kind = ast.unparse(node.returns) if node.returns else "Any"
            yield f"- `{node.name}: {kind}`: {' '.join(_text(node).split())}"


def _is_property(node: ast.FunctionDef) -> bool:
    return any(ast.unparse(each) == "property" for each in node.decorator_list)


def _string(node: ast.stmt | None) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return " ".join(str(node.value.value).split())
    return ""


def _function_blocks(node: ast.FunctionDef, name: str) -> Iterator[str]:
    yield fence(signature_of(node, name), "python")
    yield _text(node)


def signature_of(node: ast.FunctionDef, name: str) -> str:
    """Name, arguments and result, one argument a line if they are long."""
    words = [each for each in _arguments(node.args) if each not in ("self", "cls")]
    result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    line = f"{name}({', '.join(words)}){result}"
    if len(line) <= 88:
        return line
    inner = "".join(f"    {each},\n" for each in words)
    return f"{name}(\n{inner}){result}"


def _arguments(given: ast.arguments) -> Iterator[str]:
    plain = [*given.posonlyargs, *given.args]
    missing = [None] * (len(plain) - len(given.defaults))
    yield from map(_argument, plain, [*missing, *given.defaults])
    if given.vararg:
        yield f"*{_argument(given.vararg, None)}"
    elif given.kwonlyargs:
        yield "*"
    yield from map(_argument, given.kwonlyargs, given.kw_defaults)


def _argument(argument: ast.arg, default: ast.expr | None) -> str:
    typed = f": {ast.unparse(argument.annotation)}" if argument.annotation else ""
    value = f" = {ast.unparse(default)}" if default else ""
    return f"{argument.arg}{typed}{value}"


def _text(definition: Definition) -> str:
    """The docstring as Markdown: its sections become lists."""
    return docstring_as_markdown(ast.get_docstring(definition) or "")


def docstring_as_markdown(docstring: str) -> str:
    """A docstring whose sections are lists."""
    return "\n".join(_lines(docstring))


def _lines(docstring: str) -> Iterator[str]:
    inside = False
    for line in docstring.splitlines():
        if found := _HEAD.match(line):
            inside = True
            yield f"{found[1]}:\n"
        elif inside and (found := _ENTRY.match(line)):
            names = ", ".join(f"`{name.strip()}`" for name in found[1].split(","))
            yield f"- {names}: {found[2]}"
        elif inside and line.startswith("    "):
            yield f"  {line.strip()}"
        else:
            yield line
