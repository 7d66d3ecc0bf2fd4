"""The linked project: what checks may ask. Built by ``link``, read-only afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

from msgspec import Struct, field

from lcmemlint.catalogue import Catalogue
from lcmemlint.deploy.workload import Workload
from lcmemlint.facts import FileFacts
from lcmemlint.findings import Finding, FixRequest, Step
from lcmemlint.link.addresses import Address, address_of
from lcmemlint.link.advice import Advice
from lcmemlint.link.clashes import Clash, find_clashes
from lcmemlint.link.conversation import Conversations
from lcmemlint.link.entry import EntryPoint, files_beside, find_entries
from lcmemlint.link.evaluate import Evaluator
from lcmemlint.link.exported import Platform, Replaced
from lcmemlint.link.fallback import Fallbacks
from lcmemlint.link.graphs import Graphs
from lcmemlint.link.halves import Halves
from lcmemlint.link.keys import Keys
from lcmemlint.link.memory import Memories, Memory
from lcmemlint.link.modules import ModuleIndex
from lcmemlint.link.objects import Collection, FunctionOf, Instance
from lcmemlint.link.omitted import Omission, find_omissions
from lcmemlint.link.one_for_all import one_for_each
from lcmemlint.link.prompts import Mismatch, Prompts
from lcmemlint.link.reach import Reach
from lcmemlint.link.recommend import Recommendations
from lcmemlint.link.repairs import (
    added_checkpointer,
    renamed_key,
    returned_id,
    session_config,
    shared_store,
    unattached,
)
from lcmemlint.link.runs import Run, Runs
from lcmemlint.link.savers import Savers
from lcmemlint.link.scaling import Choice, Scaling
from lcmemlint.link.shapes import Shapes
from lcmemlint.link.startup import startup_trace
from lcmemlint.link.stores import Alone, PlainRedis, find_alone, find_plain_redis
from lcmemlint.link.switches import is_development_branch
from lcmemlint.link.tables import Table, find_tables
from lcmemlint.link.versions import Versions
from lcmemlint.link.wiring import Wiring
from lcmemlint.values import Location


class Project(Struct, frozen=True):
    """Everything that is known about the code, joined over all files."""

    evaluator: Evaluator
    entries: tuple[EntryPoint, ...]
    reach: Reach
    memories: Memories
    keys: Keys
    wiring: Wiring
    conversations: Conversations
    fallbacks: Fallbacks
    advisor: Advice
    catalogue: Catalogue
    runs: Runs
    savers: Savers
    prompts: Prompts
    platform: Platform
    scaling: Scaling
    halves: Halves
    shapes: Shapes
    _found: dict[str, tuple[Finding, ...]] = field(default_factory=dict)

    def findings(self, code: str, check: Callable[[Project], Iterable[Finding]]) -> tuple[Finding, ...]:
        """What a check finds; it runs once, although LCM401 asks for the findings of others."""
        if code not in self._found:
            self._found[code] = tuple(check(self))
        return self._found[code]

    def facts(self, path: str) -> FileFacts:
        """The facts of one file of the project."""
        return self.evaluator.files[path]

    def state(self, *kinds: str) -> Iterator[Memory]:
        """Memory objects of these kinds, in order of place; not those over a history that stands here itself."""
        built = {memory.thing for memory in self.memories.all}
        for memory in self.memories.all:
            if memory.kind not in kinds or any(inner in built for inner in memory.delegates):
                continue
            if not self.wiring.is_untaken(memory):
                yield memory

    def is_served(self, memory: Memory) -> bool:
        """Whether a server builds it or uses it: on the request path, or when it starts."""
        return (memory.on_request_path or "startup" in memory.runs) and memory.fate.lifetime != "script"

    def trace(self, memory: Memory) -> tuple[Step, ...]:
        """The way to a memory from where a request enters, else from where the server starts."""
        return memory.trace or startup_trace(self.evaluator, self.reach, self.memories, memory)

    def is_long_term(self, memory: Memory) -> bool:
        """Whether a store is LangGraph's, and not a table that is filled once, when the server starts."""
        return self.wiring.is_long_term(memory)

    def over_stored_history(self) -> Iterator[tuple[Memory, str]]:
        """Memories on the request path over a stored history, that keep more state of the kind named in the process."""
        for memory in self.memories.all:
            extra = memory.component.extra_state
            if extra is not None and memory.storage in ("host", "shared") and memory.on_request_path:
                yield memory, extra

    def is_filled(self, memory: Memory) -> bool:
        """Whether messages are put in before anything runs."""
        return (
            self.wiring.is_filled(memory)
            or self.wiring.is_substitute(memory)
            or any(
                self.wiring.is_filled(outer) for outer in self.memories.all if memory.thing in outer.delegates
            )
        )

    def is_scratch(self, memory: Memory) -> bool:
        """Whether it serves the steps of one run, not a conversation."""
        return self.wiring.is_scratch(memory)

    def is_replaced(self, memory: Memory) -> bool:
        """Whether every graph that is given a saver gets another one later (``graph.checkpointer = saver``)."""
        return self.wiring.is_replaced(memory)

    def is_beside_another(self, memory: Memory) -> bool:
        """Whether a chain that brings its own memory stands beside a stored one: a helper chain for one text."""
        return memory.implicit and any(
            other.storage != "process" and other.on_request_path
            for other in self.memories.all
            if other.kind != "store"
        )

    def is_attached(self, memory: Memory) -> bool:
        """Whether anything reads it or receives it."""
        return self.wiring.is_attached(memory)

    def is_written(self, memory: Memory) -> bool:
        """Whether anything writes to it."""
        return self.wiring.is_written(memory)

    def is_live(self, memory: Memory) -> bool:
        """Whether anything runs the code that builds it."""
        return bool(memory.runs)

    def is_development_only(self, memory: Memory) -> bool:
        """Whether an explicit development switch guards the place where it is built."""
        return is_development_branch(self.evaluator, memory)

    def fallback(self, memory: Memory) -> str:
        """When process memory silently takes the place of a stored one (``when `URL` is missing``); else empty.

        Of histories and memories only those count that are built for one request: the others are LCM102 and LCM106.
        """
        if memory.kind == "checkpointer":
            return self.fallbacks.when(memory)
        alone = memory.fate.lifetime != "request" or not self.fallbacks.has_stored_rival(memory)
        return "" if alone else self.fallbacks.when(memory)

    def is_platform_managed(self, memory: Memory) -> bool:
        """Whether a platform replaces it (``langgraph.json`` exports the graph)."""
        return self.platform.replaces(memory)

    def replaced(self) -> tuple[Replaced, ...]:
        """Savers and stores that exported graphs are given in vain."""
        return self.platform.replaced

    def address(self, memory: Memory) -> Address | None:
        """Where a store is said to be, if the code tells it whole."""
        return address_of(self.evaluator, memory)

    def alone(self, memory: Memory, address: Address) -> Alone | None:
        """The container in which the address of a store is the container itself."""
        return find_alone(self.scaling, memory, address)

    def plain_redis(self, memories: Iterable[Memory]) -> Iterator[PlainRedis]:
        """The Redis images of the manifests that lack the modules which these memories need."""
        return find_plain_redis(self.scaling, memories)

    def advice(self, memory: Memory) -> str:
        """What to write instead, in one line."""
        return self.advisor.help(memory)

    def request_fix(self, memory: Memory) -> tuple[FixRequest | None, str]:
        """The codemod that repairs it, or None and the reason."""
        return self.advisor.request(memory)

    def one_for_each(self, memory: Memory) -> tuple[FixRequest | None, str]:
        """The codemod that makes one chain for each conversation of one for all, or None and the reason."""
        return one_for_each(self.advisor, memory)

    def shared_store(self, memory: Memory) -> tuple[FixRequest | None, str]:
        """The codemod that puts a shared store in the place of one in memory, or None and the reason."""
        return shared_store(self.advisor, memory)

    def session_config(self, run: Run, key: str) -> tuple[FixRequest | None, str]:
        """The codemod that names the conversation in a run, or None and the reason."""
        return session_config(self.advisor, run, key)

    def renamed_key(self, mismatch: Mismatch) -> tuple[FixRequest | None, str]:
        """The codemod that gives the history the name which the prompt reads, or None and the reason."""
        return renamed_key(mismatch)

    def unattached_fix(self, memory: Memory) -> tuple[FixRequest | None, str]:
        """The codemod that attaches or deletes a memory, or None and the reason."""
        return unattached(self.advisor, memory)

    def added_checkpointer(self, run: Run, *, complete: bool) -> tuple[FixRequest | None, str]:
        """The codemod that gives a graph a shared saver, or None and the reason."""
        return added_checkpointer(self.advisor, self.runs, run, complete=complete)

    def returned_id(self, made: Location) -> FixRequest:
        """The codemod that takes an id from the request which is made anew at a place."""
        return returned_id(self.advisor, made)

    def tables(self) -> Iterator[Table]:
        """Tables of messages that request code writes into SQLite by hand."""
        return find_tables(self.evaluator, self.reach, self.memories)

    def omissions(self) -> Iterator[Omission]:
        """Places where a graph is left without its stored checkpointer when that fails or is not there."""
        return find_omissions(self.savers.graphs, self.fallbacks)

    def clashes(self) -> Iterator[Clash]:
        """Sync savers and histories that async code runs, and the other way round."""
        return find_clashes(self.savers.graphs, self.savers.versions)

    def where_kept(self, memory: Memory) -> str:
        """Words for the place that keeps a memory per session."""
        holder = memory.fate.holder
        if memory.fate.lifetime == "session":
            return "the browser session of one worker"
        if isinstance(holder, Collection | Instance):
            name = self.conversations.name_of(holder)
            if name:
                return f"`{name}`, a dict of this worker"
        if isinstance(holder, FunctionOf):
            return f"the cache of `{self.facts(holder.path).scopes[holder.scope].name}` in this worker"
        if isinstance(holder, Instance):
            return "an object of this worker"
        return "this worker's memory"


def link(
    files: Mapping[str, FileFacts],
    *,
    catalogue: Catalogue,
    modules: ModuleIndex,
    roles: Mapping[str, str],
    platform_graphs: frozenset[tuple[str, str]] = frozenset(),
    manifests: Mapping[str, bytes] = MappingProxyType({}),
    workloads: Callable[[], Iterable[Workload]] = tuple,
    scale: Choice = "auto",
    pause: Callable[[], object] = lambda: None,
) -> Project:
    """Join the facts of all files. Tests and migrations take no part: they are not the application.

    ``platform_graphs`` are the graphs that a platform runs, as (path, name): see ``link.platform``.
    ``manifests`` are the files that say which versions the project uses: see ``link.requirements``.
    ``workloads`` reads what deploys the project, when somebody asks; ``scale`` is what the user says about it.
    ``pause`` is called between the steps: what it raises ends the work.
    """
    taken = {
        path: facts for path, facts in files.items() if roles.get(path, "app") not in ("test", "migration")
    }
    evaluator = Evaluator(taken, modules, catalogue)
    pause()
    evaluator.solve()
    pause()
    entries, served = find_entries(evaluator, dict(roles))
    beside = files_beside(
        evaluator, (*(point.at.path for point in entries), *(given.at.path for given in served))
    )
    if evaluator.hands_over(beside):
        evaluator.solve(beside)
        entries, served = find_entries(evaluator, dict(roles))
    evaluator.close()
    pause()
    reach = Reach(evaluator, entries, served, dict(roles))
    pause()
    memories = Memories(evaluator, reach)
    pause()
    keys = Keys(evaluator, reach, memories)
    pause()
    wiring = Wiring(evaluator, memories)
    pause()
    conversations = Conversations(evaluator, reach, memories)
    fallbacks = Fallbacks(evaluator, memories)
    versions = Versions(manifests, taken, catalogue)
    dropped = tuple(files[path] for path in sorted(files) if roles.get(path, "app") == "migration")
    savers = Savers(Graphs(evaluator, reach, memories), versions, dropped)
    advisor = Advice(evaluator, reach, memories, Recommendations(savers.graphs, versions))
    pause()
    runs = Runs(evaluator, reach, memories, platform_graphs)
    return Project(
        evaluator, tuple(entries), reach, memories, keys, wiring, conversations, fallbacks, advisor,
        catalogue, runs, savers,
        Prompts(evaluator, reach, memories, wiring),
        Platform(evaluator, reach, memories, runs), Scaling(workloads, scale, evaluator, reach),
        Halves(evaluator, reach, memories, wiring), Shapes(evaluator, reach, memories),
    )  # fmt: skip
