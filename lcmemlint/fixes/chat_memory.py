"""Codemod ``chat-memory``: a buffer or window memory gets ``chat_memory=chat_history(<key>)`` and nothing else.

All other arguments stay as they are: ``return_messages``, ``memory_key`` and the rest shape the prompt.
"""

from __future__ import annotations

import libcst as cst

from lcmemlint.findings import FixRequest
from lcmemlint.fixes.arguments import added_argument
from lcmemlint.fixes.edits import Change, Context, Edit, Edits, Refusal
from lcmemlint.fixes.keys import history_call
from lcmemlint.fixes.mutations import mutated_messages
from lcmemlint.fixes.seeding import seeded
from lcmemlint.fixes.trees import Tree, dotted, resolved, walk

BUFFERS = frozenset({"ConversationBufferMemory", "ConversationBufferWindowMemory"})
"""Memories that keep their whole state in ``chat_memory``."""

HISTORIES = frozenset({"InMemoryChatMessageHistory", "ChatMessageHistory"})
"""Histories that live in one process."""

OTHERS = {
    "ConversationSummaryMemory": "its summary lives in the Python object: with `chat_memory` alone it stays empty",
    "ConversationSummaryBufferMemory": "its summary lives in the Python object and would be lost",
    "ConversationTokenBufferMemory": "it drops messages from a copy of a stored history: the limit would be lost",
    "ConversationEntityMemory": "its entities live in an entity store beside the messages",
    "ConversationKGMemory": "its triples live in a graph beside the messages",
    "ConversationStringBufferMemory": "it keeps one text and takes no `chat_memory`",
    "ConversationVectorStoreTokenBufferMemory": "it drops messages from a copy of a stored history",
    "AgentTokenBufferMemory": "it drops messages from a copy of a stored history",
    "VectorStoreRetrieverMemory": "its state is a vector store, not a chat history",
    "CombinedMemory": "each memory in it needs a history of its own",
}
"""Memories with state elsewhere, and why `chat_memory` alone does not share it."""


def rewrite(tree: Tree, request: FixRequest, context: Context) -> Change | Refusal:
    """The edits that give the memory at the request's span a shared history."""
    call = next(tree.calls_at(request.span), None)
    if call is None:
        return Refusal("there is no call at this place any more")
    name = class_of(tree, call, request)
    if name not in BUFFERS:
        return Refusal(why_not(name))
    history = history_call(tree, request, context, site=call)
    if isinstance(history, Refusal):
        return history
    if (refusal := mutated_messages(tree) or seeded(tree, call)) is not None:
        return refusal
    edits = with_history(tree, call, history)
    if isinstance(edits, Refusal):
        return edits
    return Change(edits, needs=("chat_history",), drops=tuple(sorted(replaced_names(call))))


def class_of(tree: Tree, call: cst.Call, request: FixRequest) -> str:
    """The last part of the class's own name, empty when its origin is not known.

    Aliases and ``module.Class`` are seen through. A class of that name from another place than LangChain
    may be anything: then only the linker, which has read that place, can say so.
    """
    known = request.get("class") or resolved(tree, call.func) or ""
    module, _, name = known.rpartition(".")
    if request.get("class") or module.startswith("langchain"):
        return name
    is_own = any(found.name.value == name for found in walk(tree.module, cst.ClassDef))
    return "" if module or (is_own and name in BUFFERS | HISTORIES) else name


def with_history(tree: Tree, call: cst.Call, history: str, *, wrap: bool = True) -> Edits | Refusal:
    """The edits that put ``chat_memory=<history>`` into a call, in the layout that the call has.

    ``wrap`` gives a line that gets too long three lines.
    """
    for arg in call.args:
        if arg.star:
            return Refusal(f"what `{tree.source(arg)}` holds is not known: it may already name a chat_memory")
        if arg.keyword is None:
            return Refusal("the call has positional arguments, which memory classes do not take")
        if arg.keyword.value == "chat_memory":
            if not _is_empty_history(tree, arg.value):
                return Refusal(f"`chat_memory={tree.source(arg.value)}` is already passed")
            return (Edit(*tree.extent(arg.value), history),)
    return added_argument(tree, call, f"chat_memory={history}", wrap=wrap)


def why_not(name: str) -> str:
    """Why a shared history does not mend a class, in its own words where we know it."""
    if not name:
        return "where the class that is called here comes from is not known"
    if (why := OTHERS.get(name)) is not None:
        return f"`{name}` is not mended by a shared history alone: {why}"
    if name in HISTORIES:
        return f"`{name}` is built outside a get-or-create over a dict"
    return f"`{name}` is not a buffer or window memory that takes `chat_memory=`"


def _is_empty_history(tree: Tree, node: cst.BaseExpression) -> bool:
    if not isinstance(node, cst.Call) or node.args:
        return False
    return (resolved(tree, node.func) or "").rpartition(".")[2] in HISTORIES


def replaced_names(call: cst.Call) -> set[str]:
    """The name of the history class that ``chat_memory=`` held before."""
    values = [
        arg.value for arg in call.args if arg.keyword is not None and arg.keyword.value == "chat_memory"
    ]
    names = (dotted(value.func) for value in values if isinstance(value, cst.Call))
    return {name for name in names if name is not None and "." not in name}
