"""The tables of `rules/catalogue/` are whole, and what they say about names is true of installed packages."""

from __future__ import annotations

import importlib
import importlib.util
import re
import warnings
from collections import defaultdict
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase

import pytest
from msgspec.structs import replace

from lcmemlint.catalogue import Catalogue, Component, load_catalogue, rulebook_root
from lcmemlint.catalogue.reading import read_components, read_entries, read_releases, read_session
from lcmemlint.deploy.tables import parsed_tables
from lcmemlint.errors import CatalogueError
from tools.catalogue import modules as written

FEWEST_IMPORTS = 60
"""A run that verifies fewer names than this proves nothing: some package must be missing."""


REMOVED = frozenset(
    {
        "deepagents.async_create_deep_agent",
        "langchain.AstraDBChatMessageHistory",
        "langchain.MongoDBChatMessageHistory",
        "langchain.Neo4jChatMessageHistory",
        "langchain.SQLDatabaseChain",
        "langgraph.Graph",
        "langgraph.MemoryStore",
        "langgraph.create_agent_executor",
        "langgraph.create_function_calling_executor",
    }
)
"""Components of older releases whose package is still there, without them."""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def own_component(**fields: object) -> Mapping[str, object]:
    return {
        "id": "acme.RedisMemory",
        "kind": "history",
        "names": ["RedisMemory"],
        "modules": ["acme.memory"],
        **fields,
    }


def own_entry(**fields: object) -> Mapping[str, object]:
    return {
        "id": "acme.on",
        "framework": "acme",
        "kind": "event",
        "how": "decorator",
        "names": ["acme.on"],
        **fields,
    }


# -------- the tables --------


def test_every_row_says_where_it_was_read(catalogue: Catalogue) -> None:
    """A row without a source does not load; none may hide behind a word that says nothing."""
    sources = [row.source for row in catalogue.components] + [row.source for row in catalogue.entries]
    sources += [
        row.source for table in (catalogue.session.fresh, catalogue.session.process) for row in table.values()
    ]

    assert [source for source in sources if len(source) < 8 or "TODO" in source] == []


def test_a_path_names_one_component(catalogue: Catalogue) -> None:
    """Only the import tells `RedisCache` from `RedisCache`: no path may belong to two components."""
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for component in catalogue.components:
        for path in component.paths:
            owners[path].add(component.id)

    assert {path: ids for path, ids in owners.items() if len(ids) > 1 and not alike(catalogue, ids)} == {}


def alike(catalogue: Catalogue, ids: set[str]) -> bool:
    """Whether it makes no difference which of these components a path means."""
    return len({facts(catalogue.by_id[one]) for one in ids}) == 1


def facts(component: Component) -> tuple[object, ...]:
    """What rules ask of a component that memory is given to."""
    return (
        component.kind,
        component.storage,
        component.memory_argument,
        component.memory_ignored,
        component.checkpointer_argument,
        component.implicit_memory,
    )


def test_a_call_names_one_entry_point(catalogue: Catalogue) -> None:
    """Two rows of the same form that claim one function would make the table's order matter."""
    owners: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for entry in catalogue.entries:
        for path in entry.paths:
            owners[entry.how, path].append(entry.id)

    assert {path: ids for path, ids in owners.items() if len(ids) > 1} == {}


def test_every_path_is_found_and_nothing_else(catalogue: Catalogue) -> None:
    """The tables are searched by the last word of a path: the rest must be compared too."""
    for component in catalogue.components:
        for path in component.paths:
            found = catalogue.component(path)
            assert found is not None
            assert path in found.paths
            assert catalogue.component(f"mine.{path}") is None
    for entry in catalogue.entries:
        for path in entry.paths:
            assert catalogue.entry(entry.how, path) is entry
            assert catalogue.entry(entry.how, f"mine.{path}") is None


def test_a_name_may_have_dots_of_its_own() -> None:
    """`on` and `names` are joined as they are written, whatever the user writes there."""
    row = {"id": "mine.nested", "framework": "mine", "kind": "event", "how": "decorator"}
    mine = load_catalogue(extra_entries=[{**row, "on": ["mine.App"], "names": ["events.on", "post"]}])

    found = mine.entry("decorator", "mine.App.events.on")
    assert found is not None
    assert found.id == "mine.nested"
    assert mine.entry("decorator", "mine.App.post") is found
    assert mine.entry("decorator", "mine.App.on") is None
    assert mine.entry("decorator", "mine.events.on") is None


@pytest.mark.parametrize(
    "pattern", ["handler", "*_handler", "On_*", "on_*_message", "a*a", "*a*b", "on_?", "on_[ab]"]
)
def test_a_pattern_is_one_of_fnmatch(catalogue: Catalogue, pattern: str) -> None:
    """With or without stars, and whatever else a user may write."""
    (entry, *_) = catalogue.entries_by_how("name")
    names = [
        "handler",
        "my_handler",
        "_handler",
        "On_Message",
        "on_a_message",
        "on_message",
        "a",
        "aa",
        "xaxb",
        "on_a",
    ]

    for name in names:
        assert replace(entry, patterns=("x", pattern)).fits(name) == fnmatchcase(
            name.lower(), pattern.lower()
        )


def test_names_of_other_components_exist(catalogue: Catalogue) -> None:
    """Memory that a chain builds by itself is a component of this catalogue."""
    implied = {one.implicit_memory for one in catalogue.components if one.implicit_memory}

    assert implied <= catalogue.by_id.keys()
    assert "langchain.ConversationBufferMemory" in implied


def test_what_the_storage_depends_on_is_named(catalogue: Catalogue) -> None:
    """`delegated` names the argument to follow; `url` names where the address is."""
    unclear = [
        one.id
        for one in catalogue.components
        if not one.lookalike
        and (
            (one.storage == "delegated" and not one.delegate)
            or (one.storage == "url" and not one.url_argument)
        )
    ]

    assert unclear == []


def test_dotted_names_are_dotted_names(catalogue: Catalogue) -> None:
    """A slip in a brace pattern would make a path that no program can write."""
    name = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
    paths = [path for row in catalogue.components for path in row.paths]
    paths += [path for row in catalogue.entries for path in row.paths]
    paths += [
        base for entry in catalogue.entries for base in (*entry.bases, *entry.modules, *entry.attributes)
    ]
    paths += [*catalogue.session.fresh, *catalogue.session.process]

    assert [path for path in paths if not name.fullmatch(path)] == []


def test_no_function_is_both_fresh_and_of_the_process(catalogue: Catalogue) -> None:
    """An id is either new at every call or one per process."""
    assert set() == catalogue.session.fresh.keys() & catalogue.session.process.keys()


# -------- what is asked of it --------


@pytest.mark.parametrize(
    ("path", "id_"),
    [
        ("langchain.memory.ConversationBufferMemory", "langchain.ConversationBufferMemory"),
        ("langchain_classic.memory.buffer.ConversationBufferMemory", "langchain.ConversationBufferMemory"),
        ("langgraph.checkpoint.memory.MemorySaver", "langgraph.InMemorySaver"),
        ("langgraph.checkpoint.memory.InMemorySaver", "langgraph.InMemorySaver"),
        ("langchain_core.chat_history.InMemoryChatMessageHistory", "langchain.InMemoryChatMessageHistory"),
        (
            "langchain_community.chat_message_histories.ChatMessageHistory",
            "langchain.InMemoryChatMessageHistory",
        ),
        ("langgraph.store.memory.InMemoryStore", "langgraph.InMemoryStore"),
        ("langchain.storage.InMemoryStore", "langchain.InMemoryStore"),
    ],
)
def test_a_component_is_found_by_any_of_its_paths(catalogue: Catalogue, path: str, id_: str) -> None:
    """Old and new generations, the package and the defining module, the name and its alias."""
    found = catalogue.component(path)

    assert found is not None
    assert id_ == found.id


def test_stores_that_share_a_name_are_told_apart(catalogue: Catalogue) -> None:
    """LangGraph's InMemoryStore keeps memories, LangChain's keeps documents."""
    assert not catalogue.by_id["langgraph.InMemoryStore"].lookalike
    assert catalogue.by_id["langchain.InMemoryStore"].lookalike


def test_a_class_of_the_project_is_no_component(catalogue: Catalogue) -> None:
    """A class called MemorySaver in somebody's own module is theirs."""
    assert catalogue.component("app.memory.MemorySaver") is None
    assert catalogue.component("MemorySaver") is None


def test_a_method_is_found_through_its_class(catalogue: Catalogue) -> None:
    """`PostgresSaver.from_conn_string(...)` is about PostgresSaver, and must be entered."""
    found = catalogue.component_method("langgraph.checkpoint.postgres.PostgresSaver.from_conn_string")

    assert found is not None
    component, method = found
    assert method in component.context_manager
    assert component.setup


def test_routes_and_servicers_are_entry_points(catalogue: Catalogue) -> None:
    """By receiver and method, by base class, by the ending of a generated base class."""
    route = catalogue.entry("decorator", "fastapi.APIRouter.post")

    assert route is not None
    assert route.kind == "route"
    assert [one.id for one in catalogue.entries_by_base("flask_restx.Resource")] == ["flask_rest.resource"]
    assert [one.id for one in catalogue.entries_by_base("chat_pb2_grpc.ChatServicer")] == ["grpc.servicer"]
    assert catalogue.entries_by_base("app.models.Resource") == ()


def test_domain_packages_are_those_of_langchain(catalogue: Catalogue) -> None:
    """A file that imports none of them is not parsed, so a web framework must not be among them."""
    assert {
        "langchain",
        "langchain_core",
        "langchain_classic",
        "langgraph",
        "langserve",
    } <= catalogue.packages
    assert not {"fastapi", "flask", "streamlit", "chainlit", "redis"} & catalogue.packages


# -------- the user's own rows --------


def test_own_rows_are_added() -> None:
    """A team's own history class is known like ours; `source` may be left out."""
    catalogue = load_catalogue([own_component(storage="shared")], [own_entry()])
    found = catalogue.component("acme.memory.RedisMemory")

    assert found is not None
    assert found.storage == "shared"
    assert catalogue.entry("decorator", "acme.on") is not None
    assert "acme" in catalogue.packages
    assert load_catalogue().component("acme.memory.RedisMemory") is None


def test_an_own_row_replaces_ours() -> None:
    """Same id: the user knows better, for instance about a patched class."""
    own = own_component(
        id="langgraph.InMemorySaver",
        kind="checkpointer",
        names=["MemorySaver"],
        modules=["langgraph.checkpoint.memory"],
    )
    catalogue = load_catalogue([own])

    assert catalogue.by_id["langgraph.InMemorySaver"].storage == "none"
    assert catalogue.component("langgraph.checkpoint.memory.InMemorySaver") is None


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (own_component(storge="shared"), "unknown field `storge`"),
        (own_component(storage="cloud"), "`storage` is 'cloud'"),
        (own_component(kind="memories"), "`kind` is 'memories'"),
        (own_component(source=""), "`source` is missing"),
        (own_component(session_position="0"), "`session_position` must be a whole number"),
        (own_component(modules=[]), "must not be empty"),
        (own_component(modules=["a{b"]), "braces"),
        (own_component(setup="yes"), "`setup` must be true or false"),
        ({"id": "acme.RedisMemory"}, "`kind` is missing"),
        (own_component(names=7), "`names` must be a list of strings"),
        (own_component(session_argument=7), "`session_argument` must be a string"),
        (own_component(storage=None), "`storage` is missing"),
    ],
)
def test_a_wrong_component_is_refused(row: Mapping[str, object], complaint: str) -> None:
    """The error names the row and what is wrong with it."""
    with pytest.raises(CatalogueError, match=r"component acme\.RedisMemory") as raised:
        load_catalogue([row])

    assert complaint in str(raised.value)


def test_a_row_is_a_table() -> None:
    """Not a text that stands where one belongs."""
    with pytest.raises(CatalogueError, match="component: expected a table, found 'acme'"):
        load_catalogue(["acme"])  # type: ignore[list-item]


def test_one_name_needs_no_list() -> None:
    """A string is a list of one."""
    catalogue = load_catalogue([own_component(names="RedisMemory", modules="acme.memory")])

    assert catalogue.component("acme.memory.RedisMemory") is not None


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (
            own_entry(how="register", arguments=["f"], positions=[-1]),
            "`positions` must be a list of whole numbers",
        ),
        (own_entry(how="listen"), "`how` is 'listen'"),
    ],
)
def test_a_wrong_field_of_an_entry_is_refused(row: Mapping[str, object], complaint: str) -> None:
    """With its name."""
    with pytest.raises(CatalogueError) as raised:
        load_catalogue((), [row])

    assert complaint in str(raised.value)


def test_a_wrong_entry_is_refused() -> None:
    """A row that could match nothing is a mistake, not a row without effect."""
    with pytest.raises(CatalogueError, match=r"needs `arguments` or `positions`"):
        load_catalogue((), [own_entry(how="register")])


def test_an_id_is_given_once() -> None:
    """Two own rows with one id: which one would count?"""
    with pytest.raises(CatalogueError, match="there twice"):
        load_catalogue([own_component(), own_component()])


def test_the_rulebook_is_found() -> None:
    """In a checkout it is the folder `rules`, in a wheel the package's own."""
    assert (rulebook_root() / "catalogue" / "session.toml").is_file()


def test_the_tables_are_written_as_python() -> None:
    """`python tools/catalogue.py` brings the modules up to date that are read in place of the tables."""
    for path, text in written().items():
        assert path.read_text(encoding="utf-8") == text, path.name


@pytest.mark.parametrize(
    ("read", "text", "complaint"),
    [
        (read_components, "[[component]]\n[[component]", "components.toml: "),
        (read_entries, "[[entries]]", "unknown table `entries`"),
        (read_releases, 'release = "none"', "expected a list of tables"),
        (read_releases, '[[release]]\nmodules = ["a"]\npackage = "b"\nsource = "c"', "`since` or `before`"),
        (read_session, "", r"`\[keys\]` is missing"),
    ],
)
def test_a_wrong_table_is_refused(read: Callable[[str], object], text: str, complaint: str) -> None:
    """The error names the table."""
    with pytest.raises(CatalogueError, match=complaint):
        read(text)


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("\nrooms = ", "\nroom = ", r"\[keys\]: unknown field `room`"),
        ("\nsuffixes = [", "\nsuffixes = []\nroom = [", "unknown field `room`"),
        ("\nsuffixes = [", "\nsuffixes = [] # [", r"\[keys\]: `suffixes` is missing"),
        ("uuid.uuid1", "uuid.uuid3", r"\[\[fresh\]\] .*: `uuid.uuid3` is listed twice"),
        ("[[fresh]]\n", "[[fresh]]\nfresher = 1\n", "unknown field `fresher`"),
    ],
)
def test_wrong_words_of_sessions_are_refused(before: str, after: str, complaint: str) -> None:
    """Each section has its words, and none of them may be missing."""
    text = (rulebook_root() / "catalogue" / "session.toml").read_text(encoding="utf-8")
    assert before in text

    with pytest.raises(CatalogueError, match=rf"session\.toml .*{complaint}"):
        read_session(text.replace(before, after, 1))


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("[images]", "[pictures]", "'images' is missing"),
        ("[images]", "[images", "deployment.toml: "),
        ("low = 0", 'low = "none"', "`low` or `high` is wrong"),
        ("[[server]]\n", "[[server]]\nport = 1\n", "unknown field `port`"),
        ("[[server]]\n", "[[server]]\nnames = ['x']\n[[server]]\n", "`source` is missing"),
        (
            "[[platform]]\n",
            "[[platform]]\nname = 'x'\nlow = 1\nhigh = 1\n[[platform]]\n",
            "`source` is missing",
        ),
    ],
)
def test_a_wrong_table_of_deployments_is_refused(before: str, after: str, complaint: str) -> None:
    """With the row and the field."""
    text = (rulebook_root() / "catalogue" / "deployment.toml").read_text(encoding="utf-8")
    assert before in text

    with pytest.raises(CatalogueError, match=re.escape(complaint)):
        parsed_tables(text.replace(before, after, 1))


# -------- the truth, as far as it is installed --------


@pytest.mark.skipif(importlib.util.find_spec("langchain_core") is None, reason="langchain is not installed")
@pytest.mark.filterwarnings("ignore")
def test_names_exist_in_the_installed_packages(catalogue: Catalogue) -> None:
    """Where at least one module of a component can be imported, one of them has the name."""
    verified: list[str] = []
    absent: list[str] = []
    for component in catalogue.components:
        found = names_in_installed_modules(component)
        if found is None:
            continue
        (verified if found else absent).append(component.id)

    assert sorted(set(absent) - REMOVED) == []
    assert catalogue.by_id.keys() >= REMOVED
    assert len(verified) >= FEWEST_IMPORTS


def names_in_installed_modules(component: Component) -> bool | None:
    """Whether an importable module has one of the names; None if no module can be imported."""
    importable = False
    for module in component.modules:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                loaded = importlib.import_module(module)
        except Exception:  # a package without its own optional dependency
            continue
        importable = True
        for name in component.names:
            try:
                getattr(loaded, name)
            except Exception:  # a lazy name whose module needs something that is not installed
                continue
            return True
    return False if importable else None
