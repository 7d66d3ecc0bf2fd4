"""Where a value comes from: followed backwards, through names, calls and the arguments of all callers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from lcmemlint.facts import MODULE, Param
from lcmemlint.link.evaluate import Evaluator, Site
from lcmemlint.link.memory import Memories
from lcmemlint.link.names import Binding
from lcmemlint.link.objects import (
    ClassOf,
    Collection,
    External,
    FunctionOf,
    Instance,
    Method,
    ModuleOf,
    Object,
    dotted_of,
)
from lcmemlint.link.reach import Reach
from lcmemlint.link.storage import argument
from lcmemlint.values import (
    AttrOf,
    CallOf,
    Combined,
    Const,
    Container,
    ItemOf,
    Joined,
    Location,
    Name,
    OneOf,
    Value,
)

OriginKind = Literal["constant", "none", "environment", "fresh", "process", "given", "unknown"]
_SAME_FOR_ALL = frozenset(("constant", "none", "environment"))
_DEEP = 64
_MANY = 32
_SAME = frozenset(
    ["hex", "strip", "lower", "upper", "encode", "decode", "title", "replace", "int", "bytes", "urn"]
)
"""Attributes and methods of text (or of a UUID) that keep what it identifies."""
_CASTS = frozenset(
    ("builtins.str", "builtins.int", "builtins.repr", "builtins.format", "typing.cast", "uuid.UUID")
)
_FIELD_CALLS = ("fastapi.", "pydantic.", "typer.", "starlette.", "sqlmodel.", "streamlit.", "gradio.")


class Origin(Struct, frozen=True):
    """Where a value comes from. ``fallback``: only if something else gave nothing; ``is_global``: a module keeps it."""

    kind: OriginKind
    path: str
    scope: int
    statement: int
    at: Location
    text: str = ""
    fallback: bool = False
    call: int = -1
    is_global: bool = False


class Origins:
    """Follows values back to a literal, a fresh id, something that the request brings, or to what is not known."""

    def __init__(self, evaluator: Evaluator, reach: Reach, memories: Memories) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self.memories = memories
        self._known: dict[tuple[str, int, int, int], tuple[Origin, ...]] = {}
        self._open: set[tuple[str, int, int, int]] = set()

    def of(self, site: Site) -> tuple[Origin, ...]:
        """Where the value at a site may come from, each once; an empty answer means that it only comes from itself."""
        mark = (site.path, site.scope, id(site.value), site.at)
        known = self._known.get(mark)
        if known is not None:
            return known
        if mark in self._open or len(self._open) > _DEEP:
            return ()
        self._open.add(mark)
        try:
            found = tuple(dict.fromkeys(self._find_origins(site)))[:_MANY]
        finally:
            self._open.discard(mark)
        self._known[mark] = found
        return found

    def _find_origins(self, site: Site) -> Iterable[Origin]:
        match site.value:
            case Const(value=bool()) | Const(value=float()):
                return [self.origin("unknown", site)]
            case Const(value=None) | Const(value="") | Const(value=0):  # `.get("id", 0)`: nothing was sent
                return [self.origin("none", site)]
            case Const(value=constant):
                return [self.origin("constant", site, text=repr(constant))]
            case Joined(parts=parts) | Combined(op="+", parts=parts):
                return self._joined(site, parts)
            case OneOf(options=options):
                return _mixed([self.of(replace_value(site, option)) for option in options])
            case CallOf(call=number):
                return self._of_call(site, number)
            case Name(id=name):
                return self._of_name(site, name)
            case AttrOf(base=base, name=name):
                return self._of_attribute(site, base, name)
            case ItemOf(base=base, key=key):
                return self._of_item(site, base, key)
        return [self.origin("unknown", site)]

    def origin(self, kind: OriginKind, site: Site, *, text: str = "", fallback: bool = False) -> Origin:
        """An origin that is the place itself."""
        return Origin(kind, site.path, site.scope, site.at, self.location(site), text, fallback)

    def _joined(self, site: Site, parts: Iterable[Value]) -> Sequence[Origin]:
        groups = [self.of(replace_value(site, part)) for part in parts]
        fresh = [group for group in groups if group and all(origin.kind == "fresh" for origin in group)]
        if fresh:
            return fresh[0]
        if all(origin.kind in ("constant", "none") for group in groups for origin in group):
            return [self.origin("constant", site, text="the same text")]
        deciding = [group for group in groups if any(origin.kind not in _SAME_FOR_ALL for origin in group)]
        if len(deciding) == 1 and len(groups) > 1:
            return deciding[0]  # the other parts are the same for everybody
        ours = [origin for group in groups for origin in group if origin.kind not in ("constant", "none")]
        if all(origin.kind == "process" for origin in ours):
            return ours
        return [self.origin("unknown", site)]

    def _of_call(self, site: Site, number: int) -> Sequence[Origin]:
        call = self.evaluator.files[site.path].calls[number]
        words = self.evaluator.catalogue.session
        if isinstance(call.function, AttrOf) and call.function.name == "get" and len(call.arguments) == 2:
            return self._of_get(site, call.function.base, call.arguments[1].value)
        if isinstance(call.function, AttrOf) and call.function.name in _SAME:
            return self.of(Site(site.path, call.scope, call.function.base, call.statement))
        found: list[Origin] = []
        for thing in self.evaluator.value(site.path, call.scope, call.function, call.statement):
            name = dotted_of(thing) if isinstance(thing, External) else None
            if name in words.fresh:
                found.append(replace(self.origin("fresh", site, text=f"`{_last(name)}()`"), call=number))
            elif name in words.process:
                found.append(self.origin("process", site, text=f"`{_last(name)}()`"))
            elif name in ("os.getenv", "os.environ.get"):
                found.append(self.origin("environment", site))
            elif name in _CASTS and call.arguments:
                inner = self.of(Site(site.path, call.scope, call.arguments[-1].value, call.statement))
                found.extend(replace(one, kind="unknown") if one.kind == "none" else one for one in inner)
            elif name is not None and name.startswith(_FIELD_CALLS):
                widget = name.startswith(("streamlit.", "gradio."))
                default = argument(call, ("value",), 1) if widget else argument(call, ("default",), 0)
                if default is not None:
                    found.extend(self.of(Site(site.path, call.scope, default, call.statement)))
                found.append(self.origin("given", site))
            elif isinstance(thing, FunctionOf | Method):
                function = thing.function if isinstance(thing, Method) else thing
                found.extend(self._of_function(function))
            else:
                found.append(self.origin("unknown", site))
        return found or [self.origin("unknown", site)]

    def _of_get(self, site: Site, base: Value, default: Value) -> list[Origin]:
        for thing in self.evaluator.value(site.path, site.scope, base, site.at):
            if (dotted_of(thing) or "").startswith("os."):
                return [self.origin("environment", site)]
        return _mixed([[self.origin("given", site)], self.of(replace_value(site, default))])

    def _of_function(self, function: FunctionOf) -> list[Origin]:
        facts = self.evaluator.files[function.path]
        groups = []
        for number in self.evaluator.names[function.path].statements_of.get(function.scope, ()):
            statement = facts.statements[number]
            if statement.kind == "return" and statement.value is not None:
                groups.append(self.of(Site(function.path, function.scope, statement.value, number)))
        return _mixed(groups)

    def _of_name(self, site: Site, name: str) -> list[Origin]:
        table = self.evaluator.names[site.path]
        home, bindings = table.lookup(site.scope, name)
        if not bindings:
            return [self.origin("unknown", site)]
        reaching = table.reaching(bindings, home, site.at) if home == site.scope else bindings
        groups: list[Sequence[Origin]] = []
        if home == MODULE and any(self._counts_up(site.path, binding) for binding in bindings):
            return [self.origin("process", site, text=f"the counter `{name}`")]
        stand_ins = self._stand_ins(site.path, name, reaching)
        for binding in reaching:
            if self._never_happens(site.path, home, name, binding):
                continue
            if binding.kind == "param":
                groups.append(
                    self._of_param(
                        site.path, home, self.evaluator.files[site.path].scopes[home].params[binding.index]
                    )
                )
            elif binding.kind == "import":
                groups.append(self._of_import(site, binding.index))
            elif binding.kind == "statement" and not binding.path:
                statement = self.evaluator.files[site.path].statements[binding.index]
                if statement.kind in ("assign", "annotate", "walrus") and statement.value is not None:
                    found = self.of(Site(site.path, statement.scope, statement.value, binding.index))
                    if home == MODULE != statement.scope and site.path not in self.reach.scripts:
                        found = tuple(replace(origin, is_global=origin.kind == "fresh") for origin in found)
                    groups.append(found)
                else:
                    groups.append([self.origin("unknown", site)])
            else:
                groups.append([self.origin("unknown", site)])
        kept = [[one for one in group if one.text not in stand_ins or not one.text] for group in groups]
        return _mixed(kept)

    def _stand_ins(self, path: str, name: str, reaching: Iterable[Binding]) -> frozenset[str]:
        """Literals that only say "none was sent": ``if key == "new": key = uuid4()`` binds the name again."""
        blocks = self.evaluator.files[path].blocks
        return frozenset(
            repr(literal)
            for binding in reaching
            if binding.kind == "statement" and blocks[binding.block].kind == "if"
            for literal in _literals_tested(blocks[binding.block].test, name)
        )

    def _never_happens(self, path: str, scope: int, name: str, binding: Binding) -> bool:
        """``if session_id is None: session_id = ...`` where every caller hands over something that is not None."""
        if binding.kind != "statement":
            return False
        block = self.evaluator.files[path].blocks[binding.block]
        missing = (Combined("is", (Name(name), Const(None))), Combined("not", (Name(name),)))
        if (
            block.kind != "if"
            or block.test not in missing
            or not self.evaluator.is_always_filled(path, scope, name)
        ):
            return False
        fills = self.evaluator.fills.get((path, scope, name), {}).values()
        return all(origin.kind != "none" for fill in fills for origin in self.of(fill))

    def _counts_up(self, path: str, binding: Binding) -> bool:
        return (
            binding.kind == "statement"
            and self.evaluator.files[path].statements[binding.index].kind == "augment"
        )

    def _of_import(self, site: Site, index: int) -> list[Origin]:
        imported = self.evaluator.files[site.path].imports[index]
        target = self.evaluator.modules.find(site.path, imported.module)
        if imported.name is None or target not in self.evaluator.files or target is None:
            return [self.origin("unknown", site)]
        return self._of_name(Site(target, MODULE, Name(imported.name), -1), imported.name)

    def _of_param(self, path: str, scope: int, param: Param) -> list[Origin]:
        function = FunctionOf(path, scope)
        here = self.evaluator.files[path].scopes[scope]
        site = Site(path, max(here.parent, 0), Name(param.name), -1)
        at = Location(path, param.span)
        found: list[Origin] = []
        fills = list(self.evaluator.fills.get((path, scope, param.name), {}).values())
        for fill in fills:
            if self._runs(fill):
                found.extend(self.of(fill))
        entered = function in self.reach.point
        if param.default is None:
            if entered or not fills:
                found.append(replace(self.origin("given", site), at=at))
            return found
        if entered or len(fills) < self._callers(function):
            default = self.of(Site(path, max(here.parent, 0), param.default, -1))
            given = (
                [replace(self.origin("given", site), at=at)] if entered or not self._callers(function) else []
            )
            found.extend(_mixed([default, given]))
        return found

    def _callers(self, function: FunctionOf) -> int:
        return sum(not edge.passed for edge in self.evaluator.edges_to(function))

    def _runs(self, site: Site) -> bool:
        function = self.memories.function_of(site.path, site.scope)
        return function in self.reach.came or (function in self.reach.imported and function.scope != MODULE)

    def _of_attribute(self, site: Site, base: Value, name: str) -> Sequence[Origin]:
        if name in _SAME:
            return self.of(replace_value(site, base))
        groups: list[Sequence[Origin]] = []
        for thing in self.evaluator.value(site.path, site.scope, base, site.at):
            if isinstance(thing, Instance) and isinstance(thing.of, ClassOf):
                groups.append(self._of_field(site, thing.of, name))
            elif isinstance(thing, ModuleOf):
                groups.append(self._of_name(Site(thing.path, MODULE, Name(name), -1), name))
            elif self.memories.session_state(thing) is not None:
                groups.append(self._of_session_state(site, thing, name))
            else:
                groups.append([self.origin("unknown", site)])
        return [origin for group in groups for origin in group] or [self.origin("unknown", site)]

    def _of_session_state(self, site: Site, holder: Object, name: str) -> list[Origin]:
        """What the session state keeps: a literal is one for everybody, a fresh id is one for each session."""
        stores = [
            s.site
            for s in list(self.evaluator.items.get(self.evaluator.shared_name(holder), {}).values())
            if s.constant == name
        ]
        groups = [self.of(store) for store in stores]
        found = [
            replace(origin, kind="unknown") if origin.kind == "fresh" else origin
            for g in groups
            for origin in g
        ]
        return found or [self.origin("unknown", site)]

    def _of_field(self, site: Site, cls: ClassOf, name: str) -> list[Origin]:
        bases = self.evaluator.external_bases(cls)
        model = any(base.startswith(("pydantic", "sqlmodel", "msgspec")) for base in bases)
        if any("Settings" in base for base in bases):
            return [self.origin("unknown", site)]
        groups: list[Sequence[Origin]] = []
        for one in self.evaluator.project_bases(cls):
            facts = self.evaluator.files[one.path]
            for binding in self.evaluator.names[one.path].table.get((one.scope, name), ()):
                if binding.kind != "statement":
                    continue
                statement = facts.statements[binding.index]
                if model:
                    groups.append([self.origin("given", site)])
                if statement.value is not None:
                    groups.append(self.of(Site(one.path, one.scope, statement.value, binding.index)))
        for stored in list(self.evaluator.attributes.get((cls, name), {}).values()):
            if self.evaluator.files[stored.path].scopes[stored.scope].kind != "class":
                groups.append(self.of(stored))
        return _mixed(groups) or [self.origin("unknown", site)]

    def _of_item(self, site: Site, base: Value, key: Value) -> Sequence[Origin]:
        if not isinstance(key, Const):
            return [self.origin("unknown", site)]
        for thing in self.evaluator.value(site.path, site.scope, base, site.at):
            if isinstance(key.value, str) and self.memories.session_state(thing) is not None:
                return self._of_session_state(site, thing, key.value)
            if isinstance(thing, Collection):
                matching = [inner for written, inner in self.evaluator.contents(thing) if written == key]
                if matching and not self.evaluator.items.get(thing):
                    return self.of(matching[-1])
        return [self.origin("unknown", site)]

    def location(self, site: Site) -> Location:
        """Where a value is written, as exactly as the facts tell."""
        value = site.value
        if isinstance(value, Const) and value.span is not None:
            return Location(site.path, value.span)
        if isinstance(value, CallOf):
            return Location(site.path, self.evaluator.files[site.path].calls[value.call].span)
        return self.reach.place(site)


def _literals_tested(test: Value | None, name: str) -> Iterator[object]:
    """The literals that a name is compared with, where being one of them is enough for the test to hold."""
    match test:
        case OneOf(how="or", options=options):
            for option in options:
                yield from _literals_tested(option, name)
        case (
            Combined(op="==", parts=(Name(id=tested), Const(value=literal)))
            | Combined(op="==", parts=(Const(value=literal), Name(id=tested)))
        ) if tested == name:
            yield literal
        case Combined(op="in", parts=(Name(id=tested), Container(items=items))) if tested == name:
            yield from (item.value for item in items if isinstance(item, Const))


def replace_value(site: Site, value: Value) -> Site:
    """The same place, another value."""
    return Site(site.path, site.scope, value, site.at)


def _last(name: str | None) -> str:
    return (name or "").rsplit(".", 1)[-1]


def _mixed(groups: Sequence[Sequence[Origin]]) -> list[Origin]:
    """Alternatives of one expression: beside anything else, a literal is only the fallback."""
    groups = [group for group in groups if group]
    if len(groups) > 1 and any(
        origin.kind not in ("constant", "none") for group in groups for origin in group
    ):
        groups = [
            [replace(origin, fallback=True) if origin.kind == "constant" else origin for origin in group]
            for group in groups
        ]
    return [origin for group in groups for origin in group]
