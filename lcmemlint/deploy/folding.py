"""Python facts → numbers: what an expression of a configuration amounts to, without running it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lcmemlint.deploy.running import NOT_SAID, Context, count, wider
from lcmemlint.deploy.workload import Bound, Range
from lcmemlint.facts import MODULE, Call, FileFacts, Statement
from lcmemlint.values import AttrOf, CallOf, Combined, Const, ItemOf, Name, OneOf, Value, dotted, walk

MAX_FOLDS = 30
MAX_COUNT = 1_000_000
_CPU_COUNTS = frozenset({"cpu_count", "process_cpu_count", "sched_getaffinity"})
_ENVIRONMENT = frozenset({"os.getenv", "os.environ.get", "getenv", "environ.get"})


def module_value(facts: FileFacts, name: str) -> tuple[Value, int] | None:
    """The value that a module-level name has in the end, and the line of that assignment."""
    found = [statement for statement in _assignments(facts, name) if statement.scope == MODULE]
    last = found[-1] if found else None
    return (last.value, last.span.line) if last and last.value is not None else None


def _assignments(facts: FileFacts, name: str) -> Iterator[Statement]:
    """The statements that bind a name."""
    for statement in facts.statements:
        if statement.kind in ("assign", "annotate") and Name(name) in statement.targets:
            yield statement


def imported(facts: FileFacts) -> Mapping[str, str]:
    """Local name → dotted path of what it was imported from."""
    names: dict[str, str] = {}
    for one in facts.imports:
        if one.name is not None:
            names[one.local] = f"{one.module}.{one.name}"
        else:
            names[one.local] = one.module if one.renamed else one.module.partition(".")[0]
    return names


def full_name(value: Value, names: Mapping[str, str]) -> str:
    """The dotted path of a name with its import put in; "" if it is no plain name."""
    path = dotted(value)
    if path is None:
        return ""
    head, dot, rest = path.partition(".")
    return names.get(head, head) + dot + rest


def fold(value: Value, facts: FileFacts, context: Context, depth: int = 0) -> Range:
    """The numbers that an expression can be; ``unknown`` above if the files do not say."""
    if depth > MAX_FOLDS or not context.tree.may():
        return NOT_SAID
    match value:
        case Const(value=bool()):
            return NOT_SAID
        case Const(value=int() as number) if number >= 0:
            return Range(min(number, MAX_COUNT), min(number, MAX_COUNT))
        case Const(value=str() as text):
            return count(text)
        case OneOf(options=options):
            return _of_options(options, facts, context, depth)
        case Combined(op=op, parts=parts) if op in ("+", "*", "-", "//"):
            return _arithmetic(op, [fold(part, facts, context, depth + 1) for part in parts])
        case CallOf(call=index) if index < len(facts.calls):
            return _of_call(facts.calls[index], facts, context, depth)
        case ItemOf(base=base, key=Const(value=str() as name)) if dotted(base) in ("os.environ", "environ"):
            return count(context.lookup(name) or "\0")
        case Name(id=name):
            return _of_name(name, facts, context, depth)
        case AttrOf(name=name):
            return _of_settings(name, facts, context)
    return NOT_SAID


def _of_name(name: str, facts: FileFacts, context: Context, depth: int) -> Range:
    """What a module-level name holds, here or in the module of the project that it is imported from."""
    found = module_value(facts, name)
    if found:
        return fold(found[0], facts, context, depth + 1)
    for one in facts.imports:
        if one.local == name and one.name is not None:
            path = context.existing(context.layout.modules(one.module.lstrip(".")))
            there = context.tree.facts(path) if path else None
            value = module_value(there, one.name) if there else None
            if there is not None and value is not None:
                return fold(value[0], there, context, depth + 1)
    return NOT_SAID


def _of_options(options: tuple[Value, ...], facts: FileFacts, context: Context, depth: int) -> Range:
    """Any of the options; an unknown first half of ``x or 4`` leaves the 4 as what is written."""
    ranges = [fold(option, facts, context, depth + 1) for option in options if option != Const(None)]
    known = [one for one in ranges if one.high != "unknown"]
    if not known:
        return NOT_SAID
    result = known[0]
    for one in known[1:]:
        result = wider(result, one)
    return result


def _arithmetic(op: str, parts: list[Range]) -> Range:
    """``a + b`` and ``a * b`` on ranges; a result that depends on the CPUs stays ``cpu`` above."""
    if len(parts) != 2 or any(part.high == "unknown" for part in parts):
        return NOT_SAID
    left, right = parts

    def of(first: int, second: int) -> int:
        if op == "+":
            return min(first + second, MAX_COUNT)
        if op == "*":
            return min(first * second, MAX_COUNT)
        return first - second if op == "-" else first // max(second, 1)

    high: Bound = "cpu"
    if isinstance(left.high, int) and isinstance(right.high, int):
        high = max(of(left.high, right.high), 1)
    return Range(max(of(left.low, right.low), 1), high)


def _of_call(call: Call, facts: FileFacts, context: Context, depth: int) -> Range:
    """``int(x)``, ``os.getenv("K", d)``, ``cpu_count()``, ``max(…)``, ``min(…)``."""
    name = full_name(call.function, imported(facts))
    arguments = [argument.value for argument in call.arguments if argument.name is None]
    if name.rpartition(".")[2] in _CPU_COUNTS:
        return Range(1, "cpu")
    if name in ("int", "str", "float", "round", "len") and arguments:
        return fold(arguments[0], facts, context, depth + 1) if name != "len" else Range(1, "cpu")
    if name in ("max", "min") and arguments:
        return _extreme(name, [fold(one, facts, context, depth + 1) for one in arguments])
    if _is_environment(name) and arguments and isinstance(arguments[0], Const):
        known = context.lookup(str(arguments[0].value))
        if known is not None:
            return count(known)
        default = arguments[1:] or [one.value for one in call.arguments if one.name == "default"]
        return fold(default[0], facts, context, depth + 1) if default else NOT_SAID
    return NOT_SAID


def _is_environment(name: str) -> bool:
    """Whether a function reads an environment variable."""
    return name in _ENVIRONMENT or (
        name.rpartition(".")[2] in ("getenv", "getint", "config") and "env" in name.lower()
    )


def _extreme(name: str, ranges: list[Range]) -> Range:
    """``max`` or ``min`` of ranges."""
    if any(one.high == "unknown" for one in ranges):
        return Range(max(one.low for one in ranges), "unknown") if name == "max" else NOT_SAID
    numbers = [one.high for one in ranges if isinstance(one.high, int)]
    if name == "max":
        high: Bound = max(numbers) if len(numbers) == len(ranges) else "cpu"
        return Range(max(one.low for one in ranges), high)
    return Range(min(one.low for one in ranges), min(numbers) if numbers else "cpu")


def _of_settings(name: str, facts: FileFacts, context: Context) -> Range:
    """The default that a settings class gives to a field of this name, here or in an imported module."""
    known = context.lookup(name.upper())
    if known is not None:
        return count(known)
    for one in (facts, *_imported_files(facts, context)):
        for statement in _assignments(one, name):
            if statement.value is not None and one.scopes[statement.scope].kind in ("class", "module"):
                return _field_default(statement.value, one, context)
    return NOT_SAID


def _field_default(value: Value, facts: FileFacts, context: Context) -> Range:
    """The default of a field: the value itself, or the first argument or ``default=`` of ``Field(…)``."""
    if isinstance(value, CallOf) and value.call < len(facts.calls):
        call = facts.calls[value.call]
        if full_name(call.function, imported(facts)).rpartition(".")[2] == "Field":
            defaults = [one.value for one in call.arguments if one.name in (None, "default")]
            return fold(defaults[0], facts, context) if defaults else NOT_SAID
    return fold(value, facts, context)


def _imported_files(facts: FileFacts, context: Context) -> Iterator[FileFacts]:
    """The facts of modules of the project that a file imports names from."""
    for one in facts.imports:
        path = context.existing(context.layout.modules(one.module.lstrip(".")))
        found = context.tree.facts(path) if path else None
        if found is not None:
            yield found


def folded_text(value: Value, facts: FileFacts, context: Context) -> str | None:
    """The text that an expression is, if it is one and the same wherever it runs."""
    match value:
        case Const(value=str() as text):
            return text
        case Name(id=name):
            found = module_value(facts, name)
            return folded_text(found[0], facts, context) if found and found[0] != value else None
    return None


def line_of(value: Value, default: int) -> int:
    """The line of the first literal in an expression."""
    return next((one.span.line for one in walk(value) if isinstance(one, Const) and one.span), default)
