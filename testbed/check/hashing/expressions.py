"""Properties of expressions that decide whether the order of a set can matter."""

from __future__ import annotations

import ast
from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef

# The results of these do not depend on the order of their argument.
_ORDER_FREE = (
    *("set", "frozenset", "sorted", "len", "min", "max", "any", "all", "sum", "bool"),
    *("isinstance", "print", "issuperset", "issubset", "isdisjoint"),
)
# The results of these have the order of their argument.
_IN_ORDER = (
    *("list", "tuple", "enumerate", "zip", "iter", "next", "map", "filter", "fromkeys", "join"),
    *("extend", "array", "asarray", "constant", "chain", "from_iterable", "islice", "cycle"),
    *("product", "combinations", "permutations", "accumulate", "reduce", "Counter", "deque"),
    *("OrderedDict", "Series", "Index", "choice", "shuffle", "permutation"),
)
# The hashes of numbers do not depend on the seed.
_NUMBERS = (
    *("range", "len", "int", "float", "abs", "round", "ord"),
    *("arange", "randint", "randrange", "integers"),
)


def called(node: ast.Call) -> str:
    """The name of a called function or method, without what stands before it."""
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def is_result_in_order(node: ast.Call) -> bool | None:
    """Whether the result of a call has the order of its arguments; None if that is unknown."""
    name = called(node)
    return True if name in _IN_ORDER else False if name in _ORDER_FREE else None


def is_view_of_keys(node: ast.expr) -> bool:
    """Whether an expression calls `keys`; an operator makes a set of its result."""
    return isinstance(node, ast.Call) and called(node) == "keys"


def is_of_numbers(node: ast.expr) -> bool:
    """Whether an expression certainly is a number, or has nothing but numbers in it."""
    match node:
        case ast.Constant(value=value):
            return not isinstance(value, (str, bytes))
        case ast.Call():
            return called(node) in _NUMBERS
        case ast.UnaryOp(operand=operand):
            return isinstance(node.op, ast.Not) or is_of_numbers(operand)
        case ast.BinOp(left=left, right=right):
            return is_of_numbers(left) and is_of_numbers(right)
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return all(map(is_of_numbers, elements))
        case ast.ListComp(elt=element) | ast.GeneratorExp(elt=element):
            return is_of_numbers(element)
    return False


def parameters(function: Function, call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """The parameters of a function that a call gives, with their values."""
    names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    if names and names[0] in ("self", "cls"):
        del names[0]
    yield from zip(names, call.args, strict=False)
    yield from ((each.arg, each.value) for each in call.keywords if each.arg)
