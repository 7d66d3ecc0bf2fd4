"""Which plain containers of a worker hold conversations.

A *holding* is a dict, list, deque or cache that outlives the request, that request code writes to, and whose
content is conversation. Three questions, cheapest first: is there *evidence* in what is put into it (messages,
role/content dicts, question/answer dicts, lines like ``f"User: …"``, lists called ``chat_history``, values that a
chain is given as its history, chains and agents kept per session)? Does it live as long as the worker? Does request
code write into the container itself, not into a copy of it? Nothing is asked before the first check wants to know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from msgspec import Struct

from lcmemlint.catalogue import SessionWords
from lcmemlint.facts import MODULE
from lcmemlint.findings import Confidence, Step
from lcmemlint.link.defaults import Defaults
from lcmemlint.link.evaluate import Evaluator, Site, Stored
from lcmemlint.link.memory import Fate, Memories
from lcmemlint.link.objects import ClassOf, Collection, Instance, Object, dotted_of
from lcmemlint.link.reach import Reach
from lcmemlint.link.storage import made_by
from lcmemlint.link.uses import Mention, Uses
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
    Starred,
    Value,
    walk,
)

_DEEP = 4
_LISTS = ("builtins.list", "collections.deque")
_COPIES = frozenset(("builtins.list", "builtins.tuple", "builtins.sorted", "copy.copy", "copy.deepcopy"))
_MEASURES = frozenset(("builtins.len", "builtins.print", "builtins.bool", "builtins.str"))
_RECORDS = (
    "pydantic.",
    "pydantic_v1.",
    "sqlmodel.",
    "typing.TypedDict",
    "typing_extensions.TypedDict",
    "typing.NamedTuple",
)
_PROMPTS = frozenset(("format", "format_messages", "format_prompt", "aformat_prompt"))
_SPEAKER = r"^\W*(\w+)\W{0,3}:"


class Holding(Struct, frozen=True):
    """A container of this worker with conversations in it; ``keyed``: one for each session."""

    thing: Object
    name: str
    at: Location
    keyed: bool
    content: str
    confidence: Confidence
    trace: tuple[Step, ...]


class Conversations:
    """Answers about the containers of one project."""

    def __init__(self, evaluator: Evaluator, reach: Reach, memories: Memories) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self.memories = memories
        self._words: SessionWords = evaluator.catalogue.session
        self._answering = self._words.run | self._words.state
        self._known: dict[tuple[Object, bool], str] = {}
        self._key_words = frozenset((*self._words.key_names, *self._words.person_names))

    @cached_property
    def holdings(self) -> tuple[Holding, ...]:
        """All of them, in order of place; what one name holds counts once, however often it is bound anew."""
        written = [*self.evaluator.items, *self._defaults.holders()]
        found = (self._holding(thing) for thing in dict.fromkeys(written) if thing in self.reach.used)
        ordered = sorted((one for one in found if one is not None), key=lambda one: (one.at, one.name))
        kept: dict[object, Holding] = {}
        for one in sorted(ordered, key=lambda one: self._site(one.thing).scope != MODULE):
            kept.setdefault(self._slot(one.thing) or one.thing, one)
        return tuple(one for one in ordered if one in kept.values())

    @cached_property
    def _defaults(self) -> Defaults:
        return Defaults(self.evaluator)

    def _holding(self, thing: Object) -> Holding | None:
        if not self._is_container(thing) or self._in_record(thing) or self._is_cache(thing):
            return None
        content = self._content(thing)
        if not content:
            return None
        fate = self.memories.fate(thing)
        if fate.lifetime != "worker" or self._is_inside_another(thing, fate):
            return None
        if not self._is_written_by_requests(thing):
            return None
        trace = self.reach.trace(thing)
        at = self._place(thing)
        steps = (*trace, Step(at, "kept here")) if trace and trace[-1].at != at else trace
        keyed = self._is_keyed(thing)
        return Holding(thing, self.name_of(thing), at, keyed, content, self._confidence(thing), steps)

    def _is_cache(self, thing: Object) -> bool:
        """Whether its keys are called cache keys: what is not found there is made again, whoever asks."""
        keys = [stored.key for stored in (*self._stored(thing), *self._defaults.ways_in(thing))]
        return any(isinstance(key, Name) and "cache" in _snake(key.id).split("_") for key in keys)

    def _confidence(self, thing: Object) -> Confidence:
        """Never certain: what is in a plain container is concluded from evidence."""
        found = self.reach.confidence(thing)
        return "likely" if found == "certain" else found

    def _is_container(self, thing: Object) -> bool:
        if isinstance(thing, Collection):
            return True
        return isinstance(thing, Instance) and bool(thing.path) and dotted_of(thing) in self._words.containers

    # ------------------------------------------------------------------ what is inside

    def _stored(self, thing: Object) -> Iterator[Stored]:
        """What is put into a container: where it is written down, or later."""
        if isinstance(thing, Collection):
            for key, site in self.evaluator.contents(thing):
                yield Stored(
                    key, site, key.value if isinstance(key, Const) and isinstance(key.value, str) else None
                )
        yield from list(self.evaluator.items.get(thing, {}).values())

    def _content(self, thing: Object, depth: int = 0, session: Stored | None = None) -> str:
        """Words for the evidence that conversations are inside; empty when there is none.

        ``session`` is what the container is kept as, if that is under the key of a session.
        """
        if depth > _DEEP:
            return ""
        asked = (thing, session is not None)
        if depth and asked not in self._known:
            self._known[asked] = ""
            self._known[asked] = self._read_content(thing, depth, session)
        return self._known[asked] if depth else self._read_content(thing, 0, session)

    def _read_content(self, thing: Object, depth: int, session: Stored | None) -> str:
        fields: set[str] = set()
        for stored in self._stored(thing):
            if self._is_about_another(stored):
                return ""
            if isinstance(stored.constant, str):
                fields.add(_snake(stored.constant))
            content = self._of_stored(stored, depth, stored if self._is_per_session(stored) else session)
            if content:
                return content
        content = self._of_defaults(thing, depth, session)
        if content:
            return content
        if self._is_message(fields):
            return "messages"
        if (
            depth == 0
            and _snake(self.name_of(thing)) in self._words.conversation_names
            and self._has_lists(thing)
        ):
            return "messages"
        if not self._is_list(thing):
            return ""
        if thing in self._given_as_history or (depth == 0 and self._collects_answers(thing)):
            return "messages"
        return ""

    def _of_defaults(self, thing: Object, depth: int, session: Stored | None) -> str:
        """Words for what a defaultdict makes, if that is filled with conversations."""
        ways = list(self._defaults.ways_in(thing))
        if any(self._is_about_another(way) for way in ways):
            return ""
        session = next((way for way in ways if self._is_per_session(way)), session)
        contents = (self._content(made, depth + 1, session) for made in self._defaults.made_in(thing))
        return next((content for content in contents if content), "")

    def _collects_answers(self, thing: Object) -> bool:
        """Whether requests append what a chain or model answers, and read the list again: no mere log of it."""
        answers = any(
            self._is_answer(inner)
            for stored in list(self.evaluator.items.get(thing, {}).values())
            if self._runs_in_requests(stored.site)
            for inner in self.evaluator.at(stored.site)
        )
        if not answers or self._is_bound_by_requests(thing):
            return False
        return any(self._is_read(mention) for mention in Uses(self.evaluator, [thing]).of(thing))

    def _is_bound_by_requests(self, thing: Object) -> bool:
        """Whether request code binds the attribute that holds it to a new list: then it may be for one run."""
        slot = self._slot(thing)
        return any(
            self._runs_in_requests(self._site(one))
            for one in self.evaluator.items
            if one == thing
            or (slot and isinstance(slot[0], ClassOf) and self._is_container(one) and self._slot(one) == slot)
        )

    def _is_answer(self, thing: Object) -> bool:
        root, *names = (dotted_of(thing) or "").split(".")
        return root in self.evaluator.catalogue.packages and bool(self._answering & set(names))

    def _is_read(self, mention: Mention) -> bool:
        facts = self.evaluator.files[mention.path]
        if not self._runs_in_requests(Site(mention.path, mention.scope, Const(None), mention.statement)):
            return False
        if mention.call < 0:
            return facts.statements[mention.statement].kind == "for"
        call = facts.calls[mention.call]
        called = self.evaluator.value(mention.path, call.scope, call.function, call.statement)
        return mention.kind == "argument" and not any(dotted_of(one) in _MEASURES for one in called)

    def _has_lists(self, thing: Object) -> bool:
        """Whether it is a list or holds some: a dict of single values is no history, whatever it is called."""
        inner = [one for stored in self._stored(thing) for one in self.evaluator.at(stored.site)]
        return any(self._is_list(one) for one in (thing, *inner, *self._defaults.made_in(thing)))

    def _of_stored(self, stored: Stored, depth: int, session: Stored | None) -> str:
        label = _snake(stored.constant) if isinstance(stored.constant, str) else ""
        if any(self._is_line(value) for value in self._written(stored.site, 0)):
            return "messages"
        for inner in self.evaluator.at(stored.site):
            if isinstance(inner, Instance) and dotted_of(inner) in self._words.messages:
                return "messages"
            if self._is_list(inner) and label in self._words.conversation_names | self._words.inner_names:
                return "messages"
            content = ""
            if self._is_container(inner):
                content = self._content(inner, depth + 1, session)
            elif session is not None:
                if self._is_session_state(session, inner):
                    return "chains"
                if isinstance(inner, Instance) and isinstance(inner.of, ClassOf):
                    content = self._in_object(inner.of, depth)
            if content:
                return content
        return ""

    def _in_object(self, cls: ClassOf, depth: int) -> str:
        """``chats[id] = Bot()``: conversations among the attributes of a project class (histories are LCM102)."""
        if self._is_component(cls):
            return ""
        for (holder, name), sites in list(self.evaluator.attributes.items()):
            if holder != cls:
                continue
            for site in list(sites.values()):
                things = self.evaluator.at(site)
                if (
                    any(self._is_list(one) for one in things)
                    and _snake(name) in self._words.conversation_names
                ):
                    return "messages"
                if any(self._is_container(one) and self._content(one, depth + 1) for one in things):
                    return "messages"
        return ""

    def _is_message(self, fields: set[str]) -> bool:
        words = self._words
        if fields & words.role_keys and fields & words.content_keys:
            return True
        return bool(fields & words.question_keys and fields & words.answer_keys)

    def _written(self, site: Site, depth: int) -> Iterator[Value]:
        """A value as it is written, also where a name or a parameter got it."""
        yield site.value
        if not isinstance(site.value, Name) or depth > 1:
            return
        table = self.evaluator.names[site.path]
        home, bindings = table.lookup(site.scope, site.value.id)
        for binding in table.reaching(bindings, home, site.at) if home == site.scope else ():
            if binding.kind == "param":
                for fill in list(self.evaluator.fills.get((site.path, home, site.value.id), {}).values()):
                    yield from self._written(fill, depth + 1)
            elif binding.kind == "statement" and not binding.path:
                statement = self.evaluator.files[site.path].statements[binding.index]
                if statement.value is not None and statement.kind in ("assign", "annotate"):
                    inner = Site(site.path, statement.scope, statement.value, binding.index)
                    yield from self._written(inner, depth + 1)

    def _is_line(self, value: Value) -> bool:
        """``f"User: {text}"``, or ``("human", text)``."""
        first = value.parts[0] if isinstance(value, Joined) and value.parts else None
        if isinstance(first, Const) and isinstance(first.value, str):
            found = re.match(_SPEAKER, first.value)
            return found is not None and found.group(1).lower() in self._words.speakers
        if isinstance(value, Container) and value.kind == "tuple" and len(value.items) == 2:
            role = value.items[0]
            return isinstance(role, Const) and str(role.value).lower() in self._words.speakers
        return False

    def _is_list(self, thing: Object) -> bool:
        if isinstance(thing, Collection):
            value = self.evaluator.collections[thing.number].value
            return isinstance(value, Container) and value.kind == "list"
        return isinstance(thing, Instance) and dotted_of(thing) in _LISTS

    # ------------------------------------------------------------------ chains, agents and graphs per session

    def _is_session_state(self, stored: Stored, inner: Object) -> bool:
        """A chain, agent or graph kept per session that a later request cannot rebuild, or that holds memory itself."""
        if self._is_answer(inner):
            return False  # what a chain answered is no chain, nor what is read from that
        made = made_by(self.evaluator, inner)
        if made is None or made[0].kind != "wrapper":
            return False
        return not self._is_made_on_miss(stored) or self._holds_memory(inner)

    def _is_made_on_miss(self, stored: Stored) -> bool:
        """Whether whoever does not find it makes it again: ``if key not in chains: chains[key] = …``."""
        facts = self.evaluator.files[stored.site.path]
        if stored.site.at < 0:
            return False
        blocks = self.evaluator.names[stored.site.path].blocks_around(facts.statements[stored.site.at].block)
        return any(facts.blocks[number].kind in ("if", "else", "except") for number in blocks)

    def _holds_memory(self, thing: Object) -> bool:
        return any(
            memory.storage == "process" and thing in set(self.memories.wrappers(memory.thing))
            for memory in self.memories.all
        )

    # ------------------------------------------------------------------ keys

    def _is_keyed(self, thing: Object) -> bool:
        stored = (*self.evaluator.items.get(thing, {}).values(), *self._defaults.ways_in(thing))
        return any(self._has_open_key(one) for one in stored)

    def _has_open_key(self, stored: Stored) -> bool:
        """Whether only the run knows the key; a field or a parameter may have a literal default."""
        if stored.key is None or isinstance(stored.key, Const):
            return False
        if stored.constant is None or not isinstance(stored.key, Name):
            return True
        _, bindings = self.evaluator.names[stored.site.path].lookup(stored.site.scope, stored.key.id)
        return any(binding.kind == "param" for binding in bindings)

    def _is_per_session(self, stored: Stored) -> bool:
        return any(self._is_key_word(name) for name in self._names_in(stored))

    def _is_about_another(self, stored: Stored) -> bool:
        """Whether the key names a job, a file, a request: what is kept is about that."""
        names = self._names_in(stored)
        return bool(names & set(self._words.other_ids)) and not any(self._is_key_word(name) for name in names)

    def _is_key_word(self, name: str) -> bool:
        return name in self._key_words or name.endswith(self._words.key_suffixes)

    def _names_in(self, stored: Stored) -> set[str]:
        if stored.key is None or not self._has_open_key(stored):
            return set()
        return set(self._names(Site(stored.site.path, stored.site.scope, stored.key, stored.site.at), 0))

    def _names(self, site: Site, depth: int) -> Iterator[str]:
        """The names that a key is made of, through local names and the arguments of calls."""
        facts = self.evaluator.files[site.path]
        for part in walk(site.value):
            if isinstance(part, AttrOf):
                yield _snake(part.name)
            elif isinstance(part, ItemOf) and isinstance(part.key, Const):
                yield _snake(str(part.key.value))
            elif isinstance(part, CallOf):
                for given in facts.calls[part.call].arguments:
                    if isinstance(given.value, Const) and isinstance(given.value.value, str):
                        yield _snake(given.value.value)
                    elif depth < 2:
                        yield from self._names(Site(site.path, site.scope, given.value, site.at), depth + 1)
            elif isinstance(part, Name):
                yield _snake(part.id)
                if depth < 2:
                    yield from self._bound_names(site, part.id, depth)

    def _bound_names(self, site: Site, name: str, depth: int) -> Iterator[str]:
        table = self.evaluator.names[site.path]
        home, bindings = table.lookup(site.scope, name)
        for binding in bindings:
            if binding.kind != "statement" or binding.path or home != site.scope:
                continue
            statement = self.evaluator.files[site.path].statements[binding.index]
            if statement.value is not None:
                yield from self._names(
                    Site(site.path, statement.scope, statement.value, binding.index), depth + 1
                )

    # ------------------------------------------------------------------ given to a chain as its history

    @cached_property
    def _given_as_history(self) -> frozenset[Object]:
        """Lists that a chain, a prompt or a model receives as its history or messages."""
        wanted = self._words.conversation_names | self._words.inner_names
        runs = self._words.run | _PROMPTS
        found: set[Object] = set()
        for path, facts in self.evaluator.files.items():
            for call in facts.calls:
                if not isinstance(call.function, AttrOf) or call.function.name not in runs:
                    continue
                for value in _histories(call.arguments, wanted):
                    found.update(self.evaluator.value(path, call.scope, value, call.statement))
        return frozenset(found)

    # ------------------------------------------------------------------ life and writes

    def _in_record(self, thing: Object) -> bool:
        """Whether it is a field's default in a class whose instances are data, or part of a history class."""
        site = self._site(thing)
        cls: ClassOf | None = None
        if self.evaluator.files[site.path].scopes[site.scope].kind == "class":
            cls = ClassOf(site.path, site.scope)
        else:
            cls = self.evaluator.class_around(site.path, site.scope)
        if cls is None:
            return False
        return self._is_component(cls) or any(
            base.startswith(_RECORDS) for base in self.evaluator.external_bases(cls)
        )

    def _is_component(self, cls: ClassOf) -> bool:
        return any(
            self.evaluator.catalogue.component(base) is not None
            for base in self.evaluator.external_bases(cls)
        )

    def _is_inside_another(self, thing: Object, fate: Fate) -> bool:
        """Whether it is an item of another container, or an attribute of an object in one: that one is told."""
        return fate.how == "item" or (fate.holder is not None and fate.holder != thing and fate.keyed)

    def _is_written_by_requests(self, thing: Object, depth: int = 0) -> bool:
        for stored in list(self.evaluator.items.get(thing, {}).values()):
            site = stored.site
            if self._runs_in_requests(site) and self._writes_itself(site, thing):
                return True
        if depth >= _DEEP:
            return False
        inside = [inner for stored in self._stored(thing) for inner in self.evaluator.at(stored.site)]
        return any(
            self._is_written_by_requests(inner, depth + 1)
            for inner in (*inside, *self._defaults.made_in(thing))
            if self._is_container(inner) and inner != thing
        )

    def _runs_in_requests(self, site: Site) -> bool:
        function = self.memories.function_of(site.path, site.scope)
        return function.scope != MODULE and function in self.reach.came

    def _writes_itself(self, site: Site, thing: Object) -> bool:
        """Whether the statement of a write has the container itself on its left, not ``list(container)``."""
        facts = self.evaluator.files[site.path]
        bases = [
            target.base
            for target in (facts.statements[site.at].targets if site.at >= 0 else ())
            if isinstance(target, ItemOf)
        ]
        for number in self.evaluator.names[site.path].calls_of.get(site.scope, ()):
            call = facts.calls[number]
            if call.statement == site.at and isinstance(call.function, AttrOf):
                bases.append(call.function.base)
        return any(
            self._is_same(Site(site.path, site.scope, base, site.at), thing, 0)
            for base in bases
            if thing in self.evaluator.value(site.path, site.scope, base, site.at)
        )

    def _is_same(self, site: Site, thing: Object, depth: int) -> bool:
        if depth > _DEEP or thing not in self.evaluator.at(site):
            return depth > _DEEP
        match site.value:
            case OneOf(options=options):
                return any(self._is_same(_with(site, option), thing, depth + 1) for option in options)
            case Combined() | Starred():
                return False
            case Container():
                return isinstance(thing, Collection) and self._site(thing).value is site.value
            case CallOf(call=number):
                call = self.evaluator.files[site.path].calls[number]
                if isinstance(call.function, AttrOf) and call.function.name == "copy":
                    return False
                called = self.evaluator.value(site.path, call.scope, call.function, call.statement)
                return not any(dotted_of(one) in _COPIES for one in called)
            case Name(id=name):
                return self._is_same_by_name(site, name, thing, depth)
        return True

    def _is_same_by_name(self, site: Site, name: str, thing: Object, depth: int) -> bool:
        table = self.evaluator.names[site.path]
        home, bindings = table.lookup(site.scope, name)
        for binding in table.reaching(bindings, home, site.at) if home == site.scope else bindings:
            if binding.kind == "param":
                fills = list(self.evaluator.fills.get((site.path, home, name), {}).values())
                if any(self._is_same(fill, thing, depth + 1) for fill in fills):
                    return True
                continue
            if binding.kind != "statement":
                return True
            statement = self.evaluator.files[site.path].statements[binding.index]
            if statement.kind != "assign" and statement.kind != "annotate" and statement.kind != "walrus":
                return True
            if statement.value is not None and not binding.path:
                inner = Site(site.path, statement.scope, statement.value, binding.index)
                if self._is_same(inner, thing, depth + 1):
                    return True
        return False

    # ------------------------------------------------------------------ its place and name

    def _site(self, thing: Object) -> Site:
        if isinstance(thing, Collection):
            return self.evaluator.collections[thing.number]
        assert isinstance(thing, Instance)
        call = self.evaluator.files[thing.path].calls[thing.call]
        return Site(thing.path, call.scope, CallOf(thing.call), call.statement)

    def _place(self, thing: Object) -> Location:
        site = self._site(thing)
        if isinstance(thing, Instance):
            return Location(thing.path, self.evaluator.files[thing.path].calls[thing.call].span)
        return self.reach.place(site)

    def name_of(self, thing: Object) -> str:
        """The name or attribute that a container is given where it is made; empty if there is none."""
        if isinstance(thing, Instance) and not thing.path:
            return ""
        site = self._site(thing)
        if site.at >= 0:
            statement = self.evaluator.files[site.path].statements[site.at]
            if statement.value == site.value:
                for target in statement.targets:
                    if isinstance(target, Name):
                        return target.id
                    if isinstance(target, AttrOf):
                        return target.name
        return ""

    def _slot(self, thing: Object) -> tuple[object, ...]:
        """The module's name or the class's attribute that is bound to it; empty for what stands elsewhere."""
        site = self._site(thing)
        if site.at < 0:
            return ()
        statement = self.evaluator.files[site.path].statements[site.at]
        if statement.value != site.value or len(statement.targets) != 1:
            return ()
        match statement.targets[0]:
            case Name(id=name) if self.evaluator.names[site.path].home(site.scope, name) == MODULE:
                return (site.path, name)
            case AttrOf(base=Name(id="self"), name=name):
                cls = self.evaluator.class_around(site.path, site.scope)
                return (cls, name) if cls is not None else ()
        return ()


def _histories(arguments: Iterable[object], wanted: frozenset[str]) -> Iterator[Value]:
    for given in arguments:
        name, value = given.name, given.value  # type: ignore[attr-defined]
        if name is not None and _snake(name) in wanted:
            yield value
        elif isinstance(value, Container) and value.kind == "dict":
            for key, item in zip(value.keys, value.items, strict=False):
                if isinstance(key, Const) and _snake(str(key.value)) in wanted:
                    yield item
        elif name is None and isinstance(value, Name | AttrOf | ItemOf):
            yield value


def _with(site: Site, value: Value) -> Site:
    return Site(site.path, site.scope, value, site.at)


def _snake(name: str) -> str:
    text = name.lower() if name.isupper() else re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
    return text.replace("-", "_").strip("_")
