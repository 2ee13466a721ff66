"""Every `reason` that the source writes, found in its syntax trees: with the error's class, and its remedy.

A reason is an argument or an attribute of that name, or a member of a log line. What cannot be read, such as a reason
that is computed in a new way, is an error here, so that none is missed. Nothing is run but the modules' imports.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from domain.errors import ScimError
from domain.resources.attributes import ResourceType
from domain.resources.group_schema import GROUP
from domain.resources.user_schema import USER
from reference.paths import ROOT

_SOURCE: Final = ROOT / "src"
_ROOMS: Final = ("domain", "adapters", "handlers", "operations")
_LEFT_OUT: Final = ("operations/simulation/", "operations/deploying/", "operations/answers/")
"""Where a `reason` is a sentence of a report, or what was written elsewhere."""
_TYPES: Final[tuple[ResourceType, ...]] = (USER, GROUP)
_STAND_INS: Final = {"account": "NAME", "noun": "user or group"}
"""What names stand for that are values of a request."""
_NOUNS: Final[Mapping[str, tuple[Mapping[str, str], ...]]] = {
    "noun": tuple({"noun": each.noun} for each in _TYPES),
    "of": tuple(
        {"of": each.noun, "noun": one.relation.noun}
        for each in _TYPES
        for one in each.relations.values()
        if one.is_apart and one.relation is not None
    ),
}
"""What the names in a reason stand for: each resource type, or each whose members clients send."""


class UnreadableReason(Exception):
    """The source has a reason in a form that is not known here; the message says where."""


@dataclass(frozen=True, slots=True)
class Written:
    """A reason where the source writes it: what is made with it (None for a member of a log line), and the remedy."""

    reason: str
    made: Any
    remedies: tuple[str, ...]
    place: str


@cache
def written_reasons() -> tuple[Written, ...]:
    """Every reason in the source, in the order of the files."""
    return tuple(
        found
        for room in _ROOMS
        for path in sorted((_SOURCE / room).rglob("*.py"))
        if not (name := path.relative_to(_SOURCE).as_posix()).startswith(_LEFT_OUT)
        for found in reasons_in(path.read_text(encoding="utf-8"), name)
    )


def reasons_in(text: str, name: str) -> Iterator[Written]:
    """The reasons in the text of a module; `name` is its file below src."""
    if "reason" in text or "domain.errors" in text:  # no other module makes an error
        module = import_module(name.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
        yield from _Reader(module, name).of(ast.parse(text))


class _Reader:
    """Reads one module."""

    def __init__(self, module: ModuleType, name: str) -> None:
        self.module = module
        self.name = name

    def of(self, node: ast.AST, scope: ast.AST | None = None, within: type | None = None) -> Iterator[Written]:
        """The reasons below a node: `scope` is the function that it is in, `within` the class."""
        match node:
            case ast.ClassDef(name=name):
                within = getattr(self.module, name, None)
            case ast.FunctionDef():
                scope = node
            case ast.Call():
                yield from self._call(node, scope, within)
            case ast.Dict() if scope is not None:
                yield from self._line(node, scope)
        for child in ast.iter_child_nodes(node):
            yield from self.of(child, scope, within)

    def _call(self, call: ast.Call, scope: ast.AST | None, within: type | None) -> Iterator[Written]:
        made = self._made(call.func, within)
        if not (inspect.isclass(made) or inspect.isfunction(made)):
            made = None
        if isinstance(call.func, ast.Name) and call.func.id == "cls":
            return  # a way of making the class, whose callers count
        given = _given(made, call) if made is not None else {each.arg or "**": each.value for each in call.keywords}
        if isinstance(call.func, ast.Attribute) and call.func.attr == "__init__":
            made = None if within is ScimError else within  # the base class's constructor gets the reason of the class
        yield from self._passed(call)
        if "reason" in given:
            made = _returned(made)
            for reason, known in self._texts(given["reason"], scope):
                yield Written(reason, made, self._remedies(made, given, scope, known), self._place(call))
        elif inspect.isclass(made) and issubclass(made, ScimError) and "**" not in given and not _decides(made):
            yield Written(made.reason, made, self._remedies(made, given, scope, {}), self._place(call))

    def _passed(self, call: ast.Call) -> Iterator[Written]:
        """The reasons of the classes that a call is given, to make an error of one when something is wrong."""
        for each in call.args if not _only_asks(call.func) else ():
            made = getattr(self.module, each.id, None) if isinstance(each, ast.Name) else None
            if inspect.isclass(made) and issubclass(made, ScimError):
                yield Written(made.reason, made, (made.remedy,), self._place(each))

    def _line(self, node: ast.Dict, scope: ast.AST) -> Iterator[Written]:
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "reason" and "logs/" in self.name:
                for reason, _ in self._texts(value, scope):
                    yield Written(reason, None, (), self._place(node))

    def _made(self, function: ast.expr, within: type | None) -> Any:
        """What a call makes: a class or a function; None if it cannot be known without running the program."""
        match function:
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr="__init__"):
                return None if within is None else within.__mro__[1]
            case ast.Name(id="cls") | ast.Call(func=ast.Name(id="type")):
                return within
            case ast.Name(id=name):
                return getattr(self.module, name, None)
            case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                owner = getattr(self.module, name, None)
                found = getattr(owner, attribute, None)
                # A way of making the class, such as `InvalidValue.must_be`.
                return owner if inspect.isclass(owner) and inspect.ismethod(found) else found
        return None

    def _texts(self, value: ast.expr, scope: ast.AST | None) -> Iterator[tuple[str, Mapping[str, str]]]:
        """The texts that an expression may be, with what names in it stand for; none for what came from elsewhere."""
        match value:
            case ast.Constant(value=str() as text):
                yield text, {}
            case ast.Constant(value=None) | ast.Attribute(attr="reason"):
                return
            case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value="reason"), *_]):
                return
            case ast.BoolOp(values=[ast.Attribute(attr="reason"), *_]):
                return
            case ast.IfExp(body=one, orelse=other):
                yield from self._texts(one, scope)
                yield from self._texts(other, scope)
            case ast.JoinedStr(values=[ast.Constant(), ast.FormattedValue(value=ast.Name(id=name)), *_]) if (
                name in _NOUNS
            ):
                for known in _NOUNS[name]:
                    yield self._evaluated(value, known), known
            case ast.Name(id=name) if scope is not None:
                for each in self._assigned(name, scope):
                    yield from self._texts(each, scope)
            case _:
                raise UnreadableReason(f"{self._place(value)}: {ast.unparse(value)}")

    def _assigned(self, name: str, scope: ast.AST) -> list[ast.expr]:
        """What a function assigns to a name; nothing for a parameter, whose value came from elsewhere."""
        assigned = [each.value for each in ast.walk(scope) if isinstance(each, ast.Assign) and _assigns(each, name)]
        if not assigned and not _is_parameter(scope, name):
            raise UnreadableReason(f"{self.name}: nothing assigns {name}")
        if not assigned and name not in ("reason", "remedy"):
            raise UnreadableReason(f"{self.name}: call the parameter {name} reason or remedy, to be found in calls")
        return assigned

    def _remedies(
        self, made: Any, given: Mapping[str, ast.expr], scope: ast.AST | None, known: Mapping[str, str]
    ) -> tuple[str, ...]:
        match given.get("remedy"):
            case None | ast.Constant(value=None):
                remedy = getattr(made, "remedy", None) if inspect.isclass(made) else None
                return (remedy,) if isinstance(remedy, str) else ()
            case ast.Attribute(attr="remedy"):
                return ()
            case ast.Name(id=name) if scope is not None and not hasattr(self.module, name):
                parts = self._assigned(name, scope)
            case value:
                parts = [value]
        halves = [half for part in parts for half in _halves(part)]
        return tuple(self._evaluated(half, known) for half in halves)

    def _evaluated(self, value: ast.expr, known: Mapping[str, str]) -> str:
        """A text, in which names of values that only a request has are written in capitals."""
        names = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
        stand_ins = {name: _StandIn(name.upper()) for name in names if not hasattr(self.module, name)}
        expression = compile(ast.Expression(value), self.name, "eval")
        return str(eval(expression, dict(vars(self.module)), {**stand_ins, **_STAND_INS, **known}))  # noqa: S307 - an expression of this repository

    def _place(self, node: ast.expr) -> str:
        return f"{self.name}:{node.lineno}"


class _StandIn(str):
    """Stands for a value of a request: its name in capitals, and so for what is read of it."""

    __slots__ = ()

    def __getattr__(self, name: str) -> _StandIn:
        return _StandIn(name.upper())

    def __format__(self, form: str) -> str:
        return str(self)


def _decides(cls: type[ScimError]) -> bool:
    """True if the constructor of a class chooses among reasons, which are found there."""
    own = vars(cls).get("__init__")
    return own is not None and "reason=" in inspect.getsource(own) and "reason" not in inspect.signature(cls).parameters


def _only_asks(function: ast.expr) -> bool:
    return isinstance(function, ast.Name) and function.id in ("isinstance", "issubclass", "suppress")


def _halves(value: ast.expr) -> list[ast.expr]:
    return [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]


def _given(made: Any, call: ast.Call) -> dict[str, ast.expr]:
    """The arguments of a call by the names of the parameters."""
    names = _parameters(made)
    positional = [each for each in call.args if not isinstance(each, ast.Starred)]
    given = dict(zip(names, positional, strict=False))
    return given | {each.arg or "**": each.value for each in call.keywords}


def _returned(made: Any) -> Any:
    """The class of error that a function returns; what is made itself if it is anything else."""
    if not inspect.isfunction(made):
        return made
    returned = made.__globals__.get(str(made.__annotations__.get("return")))
    return returned if inspect.isclass(returned) and issubclass(returned, ScimError) else made


@cache
def _parameters(made: Any) -> tuple[str, ...]:
    try:
        return tuple(inspect.signature(made).parameters)
    except (TypeError, ValueError):
        return ()


def _assigns(node: ast.Assign, name: str) -> bool:
    return any(isinstance(each, ast.Name) and each.id == name for each in node.targets)


def _is_parameter(scope: ast.AST, name: str) -> bool:
    return isinstance(scope, ast.FunctionDef) and any(
        each.arg == name for each in (*scope.args.args, *scope.args.kwonlyargs)
    )
