"""Branches that only run in development: ``if settings.DEBUG``, ``if os.getenv("ENV") == "dev"``."""

from __future__ import annotations

from lcmemlint.facts import Call
from lcmemlint.link.evaluate import Evaluator
from lcmemlint.link.memory import Memory
from lcmemlint.values import AttrOf, CallOf, Combined, Const, ItemOf, Name, OneOf, Value, walk


def is_development_branch(evaluator: Evaluator, memory: Memory) -> bool:
    """Whether a block around the site is taken only when an explicit development switch is on."""
    path = memory.thing.path
    call = evaluator.files[path].calls[memory.thing.call]
    if is_development_block(evaluator, path, call.scope, call.block):
        return True
    return _is_guarded(evaluator, path, call) or _is_option(evaluator, path, memory.thing.call)


def is_development_block(evaluator: Evaluator, path: str, scope: int, block: int) -> bool:
    """Whether a block runs only when an explicit development switch is on."""
    return _around(evaluator, path, scope, block, "dev")


def is_production_block(evaluator: Evaluator, path: str, scope: int, block: int) -> bool:
    """Whether a block runs only when an explicit switch says production."""
    return _around(evaluator, path, scope, block, "prod")


def _around(evaluator: Evaluator, path: str, scope: int, block: int, wanted: str) -> bool:
    other = "prod" if wanted == "dev" else "dev"
    for number in evaluator.names[path].blocks_around(block):
        one = evaluator.files[path].blocks[number]
        if one.test is None or one.kind not in ("if", "else", "case"):
            continue
        if _verdict(evaluator, path, scope, one.test) == (other if one.kind == "else" else wanted):
            return True
    return False


def _is_option(evaluator: Evaluator, path: str, number: int) -> bool:
    """``InMemorySaver() if DEBUG else stored()``: whether the call is the option that development takes."""
    facts = evaluator.files[path]
    call = facts.calls[number]
    values = [facts.statements[call.statement].value] if call.statement >= 0 else []
    for other in evaluator.names[path].calls_of.get(call.scope, ()):
        if facts.calls[other].statement == call.statement:
            values.extend(given.value for given in facts.calls[other].arguments)
    for value in values:
        for part in walk(value) if value is not None else ():
            if isinstance(part, OneOf) and part.test is not None and CallOf(number) in part.options:
                wanted = "dev" if part.options[0] == CallOf(number) else "prod"
                if _verdict(evaluator, path, call.scope, part.test) == wanted:
                    return True
    return False


def _verdict(evaluator: Evaluator, path: str, scope: int, test: Value) -> str:
    """``dev`` when the test holds in development, ``prod`` when it holds in production, else empty."""
    words = evaluator.catalogue.session
    match test:
        case Combined(op="not", parts=(inner,)):
            return {"dev": "prod", "prod": "dev"}.get(_verdict(evaluator, path, scope, inner), "")
        case Combined(op=op, parts=(left, right)) if op in ("==", "in", "!=", "not in"):
            if not _names_switch(evaluator, path, left):
                return ""
            texts = {str(part.value).lower() for part in walk(right) if isinstance(part, Const)}
            found = "dev" if texts & words.dev_values else "prod" if texts & words.production_values else ""
            return {"dev": "prod", "prod": "dev"}.get(found, "") if op in ("!=", "not in") else found
        case OneOf(how="or" | "and", options=options):
            found_all = {_verdict(evaluator, path, scope, option) for option in options} - {""}
            return found_all.pop() if len(found_all) == 1 else ""
        case Name() | AttrOf() | CallOf() | ItemOf():
            name = _switch_name(evaluator, path, test)
            if name in words.dev_variables:
                return "prod" if "PROD" in name else "dev"
            if "IN_MEMORY" in name or "INMEMORY" in name:
                return "dev"
    return ""


def _is_guarded(evaluator: Evaluator, path: str, call: Call) -> bool:
    """Whether an earlier ``if production: raise`` (or ``return``) leaves the site to development."""
    facts = evaluator.files[path]
    around = set(evaluator.names[path].blocks_around(call.block))
    for statement in facts.statements:
        if statement.kind not in ("raise", "return") or statement.scope != call.scope:
            continue
        block = facts.blocks[statement.block]
        if statement.span > call.span or block.parent not in around or statement.block in around:
            continue
        if (
            block.kind == "if"
            and block.test is not None
            and _verdict(evaluator, path, call.scope, block.test) == "prod"
        ):
            return True
    return False


def _names_switch(evaluator: Evaluator, path: str, value: Value) -> bool:
    return _switch_name(evaluator, path, value) in evaluator.catalogue.session.dev_variables


def _switch_name(evaluator: Evaluator, path: str, value: Value) -> str:
    match value:
        case Name(id=name):
            return name.upper()
        case AttrOf(name=name):
            return name.upper()
        case ItemOf(key=Const(value=str() as name)):
            return name.upper()
        case CallOf(call=number):
            call = evaluator.files[path].calls[number]
            if isinstance(call.function, AttrOf) and call.function.name in (
                "lower",
                "upper",
                "strip",
                "casefold",
            ):
                return _switch_name(evaluator, path, call.function.base)
            for given in call.arguments[:1]:
                if isinstance(given.value, Const) and isinstance(given.value.value, str):
                    return given.value.value.upper()
    return ""
