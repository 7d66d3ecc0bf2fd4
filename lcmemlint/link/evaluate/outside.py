"""Names outside the project that the evaluator knows how to follow: containers, wrappers, task queues."""

from __future__ import annotations

SAME_FUNCTION = frozenset(
    [
        "delay",
        "apply_async",
        "s",
        "si",
        "remote",
        "aremote",
        "local",
        "map",
        "starmap",
        "submit",
        "invoke",
        "ainvoke",
        "run",
        "func",
        "fn",
        "coroutine",
        "send",
        "kiq",
        "defer",
    ]
)
"""Attributes of a decorated function (a task, a tool) whose call runs that function."""

DICTS = frozenset(
    [
        "builtins.dict",
        "builtins.list",
        "builtins.set",
        "collections.defaultdict",
        "collections.OrderedDict",
        "collections.deque",
        "cachetools.TTLCache",
        "cachetools.LRUCache",
        "cachetools.Cache",
        "cachetools.LFUCache",
        "cachetools.FIFOCache",
        "weakref.WeakValueDictionary",
        "multiprocessing.Manager.dict",
        "collections.UserDict",
        "queue.Queue",
        "asyncio.Queue",
        "cachetools.ttl.TTLCache",
        "expiringdict.ExpiringDict",
    ]
)
"""External classes that keep what is put into them."""

FIELDS = frozenset(
    ("dataclasses.field", "attr.ib", "attr.field", "attrs.field", "pydantic.Field", "sqlmodel.Field")
)

HANDED_ON = frozenset(
    [
        "functools.partial",
        "functools.partialmethod",
        "asyncio.to_thread",
        "fastapi.concurrency.run_in_threadpool",
        "starlette.concurrency.run_in_threadpool",
        "fastapi.BackgroundTasks.add_task",
        "starlette.background.BackgroundTasks.add_task",
        "concurrent.futures.ThreadPoolExecutor.submit",
    ]
)
"""Calls that hand their other keywords on to the function that they are given."""

KEPT_ARGUMENTS = frozenset(("memory", "chat_memory", "checkpointer", "store", "agent", "chain", "llm_chain"))
"""Keywords that chains, agents and memories keep under an attribute of the same name."""

READERS = frozenset(
    ["get", "pop", "setdefault", "popleft", "popitem", "values", "items", "copy", "get_nowait", "__getitem__"]
)

WRITERS = frozenset(
    ["append", "add", "appendleft", "insert", "extend", "update", "put", "put_nowait", "set", "__setitem__"]
)

PASS_ON = frozenset(
    [
        "typing.cast",
        "typing_extensions.cast",
        "copy.copy",
        "copy.deepcopy",
        "asyncio.run",
        "asyncio.wait_for",
        "asyncio.shield",
        "asgiref.sync.sync_to_async",
        "asgiref.sync.async_to_sync",
        "functools.wraps",
        "contextlib.closing",
        "functools.partial",
        "functools.partialmethod",
        "asyncio.create_task",
        "asyncio.ensure_future",
        "builtins.list",
        "builtins.tuple",
        "builtins.iter",
        "builtins.next",
        "builtins.reversed",
        "builtins.sorted",
        "weakref.proxy",
        "weakref.ref",
        "asyncio.get_event_loop.run_until_complete",
        "anyio.run",
        "contextlib.AsyncExitStack.enter_async_context",
        "contextlib.ExitStack.enter_context",
    ]
)
"""Calls whose result is, for our questions, their (first function or only) argument."""

NUMERIC = frozenset(
    [
        "PIL",
        "cv2",
        "jax",
        "keras",
        "lightgbm",
        "matplotlib",
        "numpy",
        "pandas",
        "plotly",
        "polars",
        "pyarrow",
        "scipy",
        "seaborn",
        "sklearn",
        "statsmodels",
        "sympy",
        "tensorflow",
        "torch",
        "torchaudio",
        "torchvision",
        "xgboost",
    ]
)
"""Packages of numbers, tables and pictures: what they make keeps no conversation, and has the longest chains."""


def is_numeric(dotted: str) -> bool:
    """Whether a dotted name belongs to a package of numbers, tables or pictures."""
    return dotted.partition(".")[0] in NUMERIC
