"""Which variables a prompt has, and whether the key under which a memory writes is among them.

A prompt is *read* only when every part of it stands in the code; anything put together at run time is unknown, and
unknown is silent. A *mismatch* is loud when the run raises, silent when the model answers without the history.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from lcmemlint.catalogue import Component
from lcmemlint.facts import Call
from lcmemlint.findings import Confidence, Step
from lcmemlint.link.evaluate import Evaluator, Site
from lcmemlint.link.memory import Memories, Memory
from lcmemlint.link.objects import Collection, External, Fixed, FunctionOf, Instance, Object, Part, dotted_of
from lcmemlint.link.reach import Reach
from lcmemlint.link.storage import argument, has_stars
from lcmemlint.link.wiring import Wiring
from lcmemlint.values import AttrOf, Combined, Location, Value

_SCRATCHPAD = "agent_scratchpad"
_DEEP = 6


class Prompt(Struct, frozen=True):
    """The variables of a prompt; ``placeholders`` are those for messages that must be given."""

    variables: frozenset[str] = frozenset()
    placeholders: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()

    def joined(self, other: Prompt) -> Prompt:
        """Both, one after the other."""
        return Prompt(
            self.variables | other.variables,
            self.placeholders | other.placeholders,
            self.optional | other.optional,
        )

    def has(self, key: str) -> bool:
        """Whether the prompt has a variable of this name."""
        return key in self.variables or key in self.placeholders or key in self.optional


class Mismatch(Struct, frozen=True):
    """A chain whose memory writes under a key that its prompt does not read."""

    at: Location
    name: str
    key: str
    raises: str
    """What the run raises; empty when nothing does."""
    expected: tuple[str, ...]
    """Names under which the prompt seems to want the history."""
    ignored: bool
    """The chain accepts a memory and never uses it."""
    confidence: Confidence
    trace: tuple[Step, ...]
    written_at: Location
    """The call that says, or does not say, under which key the history is written."""
    argument: str
    """Its argument for that key; empty where there is none."""


class Prompts:
    """Answers about the prompts of one project."""

    def __init__(self, evaluator: Evaluator, reach: Reach, memories: Memories, wiring: Wiring) -> None:
        self.evaluator = evaluator
        self.reach = reach
        self.memories = memories
        self.wiring = wiring

    # ------------------------------------------------------------------ mismatches

    def mismatches(self) -> Iterator[Mismatch]:
        """All mismatches in code that server code runs or in chains that it uses."""
        for path, facts in self.evaluator.files.items():
            for number, call in enumerate(facts.calls):
                for made in self.evaluator.result(path, number):
                    if not isinstance(made, Instance) or (made.path, made.call) != (path, number):
                        continue
                    component = self._wrapper(made)
                    if component is None or has_stars(call) or not self._is_live(made):
                        continue
                    yield from self._of_memory(made, component, call)
                    yield from self._of_history(made, component, call)

    def _wrapper(self, thing: Instance) -> Component | None:
        """The component that a call builds, itself or by one of its factories."""
        if not isinstance(thing.of, External):
            return None
        found = self.evaluator.catalogue.component(thing.of.dotted)
        if found is None:
            method = self.evaluator.catalogue.component_method(thing.of.dotted)
            found = method[0] if method is not None and method[1] in method[0].factories else None
        return found if found is not None and found.kind == "wrapper" and not found.lookalike else None

    def _is_live(self, thing: Instance) -> bool:
        call = self.evaluator.files[thing.path].calls[thing.call]
        home = self.memories.function_of(thing.path, call.scope)
        return home in self.reach.came or thing in self.reach.used

    def _of_memory(self, made: Instance, component: Component, call: Call) -> Iterator[Mismatch]:
        if component.memory_argument is None:
            return
        given = argument(call, (component.memory_argument,), component.memory_position)
        memory = self._memory(made, call, given)
        key = self._key(memory) if memory is not None else ""
        if memory is None or not key:
            return
        if component.memory_ignored:
            if self._has_no_reader(memory, made, call, component.memory_argument):
                yield self._mismatch(made, call, key, "", (), memory, ignored=True)
            return
        prompt = self._prompt_of(made, component, call)
        if prompt is None or prompt.has(key) or self._is_read_elsewhere(memory, made, key):
            return
        yield from self._told(made, component, call, key, prompt, memory)

    def _is_read_elsewhere(self, memory: Memory, made: Instance, key: str) -> bool:
        """Whether another chain over the same memory reads it, or may: then this one only takes notes."""
        for other in self.memories.wrappers(memory.thing):
            component = self._wrapper(other)
            if other == made:
                continue
            call = self.evaluator.files[other.path].calls[other.call]
            prompt = self._prompt_of(other, component, call) if component is not None else None
            if prompt is None or prompt.has(key):
                return True
        return False

    def _told(
        self, made: Instance, component: Component, call: Call, key: str, prompt: Prompt, memory: Memory
    ) -> Iterator[Mismatch]:
        """The mismatch, if it is clear whether the run raises."""
        expected = self._expected(prompt)
        if component.implicit_memory:
            yield self._mismatch(made, call, key, "ValueError when it is built", expected, memory)
        elif component.prompt_variables or expected:
            if not self._is_supplied(made, expected):
                yield self._mismatch(made, call, key, "an error in every run", expected, memory)
        else:
            optional = tuple(sorted(prompt.optional - {_SCRATCHPAD}))
            yield self._mismatch(made, call, key, "", optional, memory)

    def _expected(self, prompt: Prompt) -> tuple[str, ...]:
        """Names under which a prompt seems to want a history: required messages, or a variable called so."""
        named = {name for name in prompt.variables if "history" in name.lower()}
        return tuple(sorted((prompt.placeholders | named) - {_SCRATCHPAD}))

    def _is_supplied(self, made: Instance, expected: tuple[str, ...]) -> bool:
        """Whether some run may hand over the variable itself: then it has a history, from somewhere else."""
        words = self.evaluator.catalogue.session
        runs = 0
        for path, facts in self.evaluator.files.items():
            for call in facts.calls:
                function = call.function.base if isinstance(call.function, AttrOf) else call.function
                if isinstance(call.function, AttrOf) and call.function.name not in words.run:
                    continue
                if made not in self.evaluator.value(path, call.scope, function, call.statement):
                    continue
                runs += 1
                if any(given.name in (*expected, "**") for given in call.arguments):
                    return True
                inputs = argument(call, ("input", "inputs"), 0)
                if inputs is not None and self._may_hold(
                    Site(path, call.scope, inputs, call.statement), expected
                ):
                    return True
        return runs == 0

    def _may_hold(self, site: Site, names: tuple[str, ...]) -> bool:
        for thing in self.evaluator.at(site):
            if not isinstance(thing, Collection):
                return not isinstance(thing, Fixed)
            if self.evaluator.items.get(thing):
                return True
            for key, _ in self.evaluator.contents(thing):
                written = getattr(key, "value", None)
                if key is None or written is None or written in names:
                    return True
        return False

    def _has_no_reader(self, memory: Memory, made: Instance, call: Call, name: str) -> bool:
        """Whether nothing but the chain that ignores it has the memory."""
        if any(wrapper != made for wrapper in self.memories.wrappers(memory.thing)):
            return False
        for given in call.arguments:
            if given.name == name:
                continue
            for thing in self.evaluator.value(made.path, call.scope, given.value, call.statement):
                if isinstance(thing, Collection) and any(
                    memory.thing in self.evaluator.at(site) for _, site in self.evaluator.contents(thing)
                ):
                    return False
        words = self.evaluator.catalogue.session
        mentions = self.wiring.uses.of(memory.thing)
        return not any(
            mention.kind == "read" and mention.method not in words.history_write for mention in mentions
        )

    def _memory(self, made: Instance, call: Call, given: Value | None) -> Memory | None:
        """The one memory that a chain is given."""
        if given is None:
            return None
        things = self.evaluator.value(made.path, call.scope, given, call.statement)
        found = [memory for thing in things for memory in self.memories.of(thing)]
        if len(found) != 1 or len(things) != 1 or found[0].kind != "memory" or found[0].own_class is not None:
            return None
        return found[0] if found[0].component.extra_state != "entities" else None

    def _key(self, memory: Memory) -> str:
        """The name under which a memory hands over its history, empty if the code does not say."""
        name = memory.component.memory_key_argument
        call = self.evaluator.files[memory.thing.path].calls[memory.thing.call]
        if name is None or has_stars(call) or self.evaluator.attributes.get((memory.thing, name)):
            return ""
        given = argument(call, (name,), None)
        if given is None:
            return memory.component.default_memory_key or ""
        return self._text(Site(memory.thing.path, call.scope, given, call.statement)) or ""

    def _of_history(self, made: Instance, component: Component, call: Call) -> Iterator[Mismatch]:
        """``RunnableWithMessageHistory``: the history goes under ``history_messages_key``."""
        if component.history_argument is None:
            return
        given = argument(call, ("history_messages_key",), 3)
        key = self._text(Site(made.path, call.scope, given, call.statement)) if given is not None else None
        runnable = argument(call, (component.runs or "",), 0)
        if not key or runnable is None:
            return
        prompt = self._of_runnable(Site(made.path, call.scope, runnable, call.statement), 0)
        if prompt is None or prompt.has(key):
            return
        expected = self._expected(prompt)
        if not expected:
            yield self._mismatch(made, call, key, "", tuple(sorted(prompt.optional - {_SCRATCHPAD})))
        elif not self._is_supplied(made, expected):
            yield self._mismatch(made, call, key, "KeyError in every run", expected)

    def _mismatch(
        self,
        made: Instance,
        call: Call,
        key: str,
        raises: str,
        expected: tuple[str, ...],
        memory: Memory | None = None,
        *,
        ignored: bool = False,
    ) -> Mismatch:
        home = self.memories.function_of(made.path, call.scope)
        source: FunctionOf | Object = home if home in self.reach.came else made
        at = Location(made.path, call.span)
        component = self._wrapper(made)
        name = component.names[0] if component is not None else ""
        trace = (*self.reach.trace(source), Step(at, "built here"))
        written_at = at if memory is None else memory.at
        argument = "history_messages_key" if memory is None else memory.component.memory_key_argument or ""
        return Mismatch(
            at,
            name,
            key,
            raises,
            expected,
            ignored,
            self.reach.confidence(source),
            trace,
            written_at,
            argument,
        )

    # ------------------------------------------------------------------ prompts

    def _prompt_of(self, made: Instance, component: Component, call: Call) -> Prompt | None:
        """The prompt of a chain: its own, that of its agent, or the one that the class brings."""
        if component.runs:
            given = argument(call, (component.runs,), 0)
            return self._of_runnable(Site(made.path, call.scope, given, call.statement), 0) if given else None
        given = argument(call, ("prompt",), None)
        if given is not None:
            return self.read(Site(made.path, call.scope, given, call.statement))
        if not component.prompt_variables:
            return None
        return Prompt(variables=frozenset(component.prompt_variables))

    def _of_runnable(self, site: Site, depth: int) -> Prompt | None:
        """The prompt that a runnable begins with: ``prompt | model``, an agent, an executor."""
        if depth > _DEEP:
            return None
        if isinstance(site.value, Combined) and site.value.op == "|":
            return self._of_runnable(Site(site.path, site.scope, site.value.parts[0], site.at), depth + 1)
        things = self.evaluator.at(site)
        if len(things) != 1:
            return None
        thing = things[0]
        if isinstance(thing, Collection):
            inner = self.evaluator.collections[thing.number]
            is_chain = isinstance(inner.value, Combined) and inner.value.op == "|"
            return self._of_runnable(inner, depth + 1) if is_chain else None
        if not isinstance(thing, Instance) or not thing.path:
            return None
        component = self._wrapper(thing)
        call = self.evaluator.files[thing.path].calls[thing.call]
        if component is None or has_stars(call):
            return self.read(site)
        if component.runs and component.history_argument is None:
            given = argument(call, (component.runs,), 0)
        elif (component.function and component.id.startswith("langchain.create_")) or (
            component.id == "langchain.AgentBuilders"
        ):
            given = argument(call, ("prompt",), 2)
            return self.read(Site(thing.path, call.scope, given, call.statement)) if given else None
        else:
            return None
        return (
            self._of_runnable(Site(thing.path, call.scope, given, call.statement), depth + 1)
            if given
            else None
        )

    def read(self, site: Site) -> Prompt | None:
        """The variables of a prompt, or None."""
        things = self.evaluator.at(site)
        return self._read(things[0], 0) if len(things) == 1 else None

    def _read(self, thing: Object, depth: int) -> Prompt | None:
        if not isinstance(thing, Instance) or not thing.path or depth > _DEEP:
            return None
        call = self.evaluator.files[thing.path].calls[thing.call]
        if isinstance(thing.of, Part) and thing.of.name == "partial":
            inner = self._read(thing.of.base, depth + 1)
            names = frozenset(given.name or "" for given in call.arguments)
            return (
                None if inner is None else Prompt(inner.variables | names, inner.placeholders, inner.optional)
            )
        found, method = self._template(thing)
        if has_stars(call) or argument(call, ("template_format",), None) is not None:
            return None
        match found:
            case "langchain.PromptTemplate" | "langchain.MessagePromptTemplates" if method in (
                "",
                "from_template",
            ):
                return self._of_text(thing, call, argument(call, ("template",), None if not method else 0))
            case "langchain.ChatPromptTemplate" if method == "from_template":
                return self._of_text(thing, call, argument(call, ("template",), 0))
            case "langchain.ChatPromptTemplate" if method in ("", "from_messages"):
                return self._of_messages(thing, call, argument(call, ("messages",), 0))
            case "langchain.MessagesPlaceholder":
                return self._of_placeholder(thing, call)
        return None

    def _template(self, thing: Instance) -> tuple[str, str]:
        """The id of a prompt class, and the class method that was called, if any."""
        name = dotted_of(thing) or ""
        component = self.evaluator.catalogue.component(name)
        if component is not None:
            return component.id, ""
        method = self.evaluator.catalogue.component_method(name)
        return (method[0].id, method[1]) if method is not None else ("", "")

    def _of_text(self, thing: Instance, call: Call, value: Value | None) -> Prompt | None:
        if value is None:
            return None
        text = self._text(Site(thing.path, call.scope, value, call.statement))
        return None if text is None else _variables(text)

    def _text(self, site: Site) -> str | None:
        things = self.evaluator.at(site)
        if len(things) != 1 or not isinstance(things[0], Fixed) or not isinstance(things[0].value, str):
            return None
        return things[0].value

    def _of_placeholder(self, thing: Instance, call: Call) -> Prompt | None:
        name = argument(call, ("variable_name",), 0)
        text = self._text(Site(thing.path, call.scope, name, call.statement)) if name is not None else None
        if text is None:
            return None
        flag = argument(call, ("optional",), None)
        if flag is None:
            return Prompt(placeholders=frozenset((text,)))
        known = self.evaluator.value(thing.path, call.scope, flag, call.statement)
        return Prompt(optional=frozenset((text,))) if known == (Fixed(True),) else None

    def _of_messages(self, thing: Instance, call: Call, value: Value | None) -> Prompt | None:
        if value is None:
            return None
        things = self.evaluator.value(thing.path, call.scope, value, call.statement)
        if len(things) != 1 or not isinstance(things[0], Collection) or self.evaluator.items.get(things[0]):
            return None
        if isinstance(self.evaluator.collections[things[0].number].value, Combined):
            return None
        whole = Prompt()
        for _, site in self.evaluator.contents(things[0]):
            part = self._of_message(site)
            if part is None:
                return None
            whole = whole.joined(part)
        return whole

    def _of_message(self, site: Site) -> Prompt | None:
        things = self.evaluator.at(site)
        if len(things) != 1:
            return None
        thing = things[0]
        if isinstance(thing, Fixed):
            return _variables(thing.value) if isinstance(thing.value, str) else None
        if isinstance(thing, Collection):
            return self._of_pair(thing)
        name = (dotted_of(thing) or "").rpartition(".")[2]
        if name.endswith("Message") and isinstance(thing, Instance):
            return Prompt()
        return self._read(thing, 1)

    def _of_pair(self, thing: Collection) -> Prompt | None:
        """``("human", "{question}")`` or ``("placeholder", "{history}")``, which is optional."""
        parts = self.evaluator.contents(thing)
        if len(parts) != 2:
            return None
        role, text = self._text(parts[0][1]), self._text(parts[1][1])
        if role is None or text is None:
            return None
        if role == "placeholder":
            return Prompt(optional=frozenset((text.strip("{}"),)))
        return _variables(text)


def _variables(text: str) -> Prompt | None:
    """The variables of a template in the style of f-strings."""
    from string import Formatter

    try:
        fields = [field for _, field, _, _ in Formatter().parse(text) if field is not None]
    except ValueError:
        return None
    return Prompt(variables=frozenset(field.split(".", 1)[0].split("[", 1)[0] for field in fields))
