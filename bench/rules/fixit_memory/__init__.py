"""What a linter of single syntax trees can say about memory, for fixit: the same questions as the other rule sets."""

import libcst as cst
from fixit import LintRule
from libcst.metadata import ParentNodeProvider, QualifiedNameProvider

MEMORIES = {
    "langchain.memory.ConversationBufferMemory",
    "langchain.memory.ConversationBufferWindowMemory",
    "langchain.memory.ConversationSummaryMemory",
    "langchain.memory.ConversationSummaryBufferMemory",
    "langchain.memory.ConversationTokenBufferMemory",
    "langchain_core.chat_history.InMemoryChatMessageHistory",
    "langchain_community.chat_message_histories.ChatMessageHistory",
}
SAVERS = {"langgraph.checkpoint.memory.MemorySaver", "langgraph.checkpoint.memory.InMemorySaver"}


class _Names(LintRule):
    METADATA_DEPENDENCIES = (QualifiedNameProvider, ParentNodeProvider)

    def names(self, node: cst.CSTNode) -> set[str]:
        return {name.name for name in self.get_metadata(QualifiedNameProvider, node, set())}


class RequestMemory(_Names):
    """Memory is built while a request is answered."""

    def __init__(self) -> None:
        super().__init__()
        self.routes = 0

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.routes += bool(node.decorators)

    def leave_FunctionDef(self, original_node: cst.FunctionDef) -> None:
        self.routes -= bool(original_node.decorators)

    def visit_Call(self, node: cst.Call) -> None:
        given = {argument.keyword.value for argument in node.args if argument.keyword is not None}
        if self.routes and self.names(node) & MEMORIES and "chat_memory" not in given:
            self.report(node, "memory is built while a request is answered")


class HistoryInADict(_Names):
    """Histories are kept in a dict of this worker."""

    def visit_Call(self, node: cst.Call) -> None:
        around = self.get_metadata(ParentNodeProvider, node)
        if (
            self.names(node) & MEMORIES
            and isinstance(around, cst.Assign)
            and any(isinstance(target.target, cst.Subscript) for target in around.targets)
        ):
            self.report(node, "histories are kept in a dict of this worker")


class CheckpointerInMemory(_Names):
    """Threads are kept in this worker."""

    def visit_Call(self, node: cst.Call) -> None:
        if self.names(node) & SAVERS:
            self.report(node, "threads are kept in this worker")


class FreshSessionId(_Names):
    """The session id is made anew."""

    def visit_DictElement(self, node: cst.DictElement) -> None:
        if (
            isinstance(node.key, cst.SimpleString)
            and node.key.raw_value in ("session_id", "thread_id")
            and isinstance(node.value, cst.Call)
            and any("uuid" in name for argument in node.value.args for name in self.names(argument.value))
        ):
            self.report(node, "the session id is made anew")
