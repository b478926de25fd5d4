"""What the obstacles of a kernel can say: found in their code, so that no limit is left out."""

import ast
import inspect
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, get_type_hints

from ferrule.kernels import Kernel


def sentences(kind: type[Kernel]) -> list[str]:
    """All that a kernel's `obstacle` and what it calls can answer, each once, in their order."""
    found: list[str] = []
    _collect(_function(kind, "obstacle"), kind, found)
    return list(dict.fromkeys(found))


def _collect(function: Callable[..., Any], kind: type, found: list[str]) -> None:
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    here = _Here(function, kind, tree)
    for node in _in_order(tree):
        if isinstance(node, ast.Return) and node.value:
            found += here.texts(node.value)
        if isinstance(node, ast.Call) and (other := here.called(node)):
            _collect(*other, found)


def _in_order(tree: ast.AST) -> Iterator[ast.AST]:
    """Depth first, which is the order of the text."""
    for child in ast.iter_child_nodes(tree):
        yield child
        yield from _in_order(child)


class _Here:
    """A function that says what the obstacles of a class are, and the names that it knows."""

    def __init__(self, function: Callable[..., Any], kind: type, tree: ast.AST) -> None:
        self._function, self._kind, self._tree = function, kind, tree

    def texts(self, node: ast.AST) -> list[str]:
        """Sentences of an expression; numbers that an operator has are `N`."""
        if isinstance(node, ast.JoinedStr):
            names = defaultdict(_Number, self._function.__globals__)
            code = compile(ast.Expression(node), "", "eval")
            return [str(eval(code, {}, names))]  # noqa: S307 - of our own classes
        if isinstance(node, ast.Constant):
            return [node.value] if isinstance(node.value, str) and node.value else []
        return [text for child in ast.iter_child_nodes(node) for text in self.texts(child)]

    def called(self, call: ast.Call) -> tuple[Callable[..., Any], type] | None:
        """Another such function, and the class that it is of."""
        name = call.func
        if isinstance(name, ast.Name) and name.id.endswith("obstacle"):
            return self._function.__globals__[name.id], self._kind
        if not isinstance(name, ast.Attribute):
            return None
        if not name.attr.endswith(("obstacle", "too_much_scratch")):
            return None
        owner = self._owner(name.value)
        own = owner if isinstance(owner, type) else self._kind
        return _function(owner, name.attr), own

    def _owner(self, node: ast.expr) -> Any:
        """The class of what an expression is, or a module."""
        if isinstance(node, ast.Call):
            return self._above() if ast.unparse(node) == "super()" else self._owner(node.func)
        if isinstance(node, ast.Attribute):
            made = inspect.getattr_static(self._owner(node.value), node.attr)
            maker = made.func if isinstance(made, cached_property) else made.fget
            return get_type_hints(maker)["return"]
        assert isinstance(node, ast.Name)
        if node.id == "cls":
            return self._kind
        for other in ast.walk(self._tree):
            if isinstance(other, ast.Assign) and ast.unparse(other.targets[0]) == node.id:
                return self._owner(other.value)
        known = self._function.__globals__ | get_type_hints(self._function)
        return known[node.id]

    def _above(self) -> type:
        """The class after the one that the function is of, if it has one itself."""
        name = self._function.__qualname__.partition(".")[0]
        order = self._kind.__mro__
        at = [one.__name__ for one in order].index(name)
        return next(one for one in order[at + 1 :] if hasattr(one, "obstacle"))


class _Number:
    """What an operator has."""

    def __getattr__(self, _: str) -> "_Number":
        return self

    def __format__(self, _: str) -> str:
        return "N"


def _function(owner: Any, name: str) -> Callable[..., Any]:
    """A function of a module or, as it is written, of a class."""
    found: Callable[..., Any] = getattr(owner, name)
    return found.__func__ if inspect.ismethod(found) else found
