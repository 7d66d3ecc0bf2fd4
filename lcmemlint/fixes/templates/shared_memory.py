"""Memories that summarise or cut a conversation which all workers share. Written by lcmemlint; edit it as you like.

LangChain's own classes keep their summary in the Python object, and forget old messages by removing them from
``chat_memory.messages``, which for a stored history is a copy. Here the stored history is only ever appended to;
a summary is stored beside it, with the number of messages that it covers. So nothing is lost when two turns come at
the same time, and a conversation that was cleared takes its summary with it.

``shared_summary`` is a second history of the same conversation: ``chat_history(session_id, "summary")``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from langchain_classic.memory import (
    ConversationSummaryBufferMemory,
    ConversationSummaryMemory,
    ConversationTokenBufferMemory,
)
from langchain_classic.memory.chat_memory import BaseChatMemory
from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.messages import BaseMessage, SystemMessage, get_buffer_string
from langchain_core.runnables.config import run_in_executor


class _SyncInThreads:
    """Async callers use the sync methods: LangChain's async ones leave out the summary or the limit."""

    async def aload_memory_variables(self: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        """The conversation, for the prompt."""
        return dict(await run_in_executor(None, self.load_memory_variables, inputs))

    async def asave_context(self: Any, inputs: dict[str, Any], outputs: dict[str, str]) -> None:
        """Keep a turn."""
        await run_in_executor(None, self.save_context, inputs, outputs)

    async def aclear(self: Any) -> None:
        """Forget the conversation."""
        await run_in_executor(None, self.clear)


class SharedSummaryMemory(_SyncInThreads, ConversationSummaryMemory):  # type: ignore[misc, unused-ignore]
    """``ConversationSummaryMemory`` for several workers."""

    shared_summary: BaseChatMessageHistory

    def load_memory_variables(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """The summary, and below it the messages that it does not cover yet."""
        self.buffer, _, newer = _summary(self.chat_memory, self.shared_summary)
        if newer:  # another worker is summarising them right now
            self.buffer += "\n" + _as_text(self, newer)
        return dict(super().load_memory_variables(inputs))

    def save_context(self, inputs: dict[str, Any], outputs: dict[str, str]) -> None:
        """Keep a turn, and summarise what no summary covers."""
        BaseChatMemory.save_context(self, inputs, outputs)
        before, covered, newer = _summary(self.chat_memory, self.shared_summary)
        self.buffer = str(self.predict_new_summary(newer, before))
        _keep(self.shared_summary, self.buffer, [*covered, *newer])

    def clear(self) -> None:
        """Forget the conversation."""
        super().clear()
        self.shared_summary.clear()


class SharedSummaryBufferMemory(_SyncInThreads, ConversationSummaryBufferMemory):  # type: ignore[misc, unused-ignore]
    """``ConversationSummaryBufferMemory`` for several workers."""

    shared_summary: BaseChatMessageHistory

    def load_memory_variables(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """The summary as a message, and the messages that it does not cover."""
        self.moving_summary_buffer, _, messages = _summary(self.chat_memory, self.shared_summary)
        if self.moving_summary_buffer:
            messages = [self.summary_message_cls(content=self.moving_summary_buffer), *messages]
        return {self.memory_key: messages if self.return_messages else _as_text(self, messages)}

    def prune(self) -> None:
        """Summarise the oldest messages until the others fit."""
        before, covered, messages = _summary(self.chat_memory, self.shared_summary)
        kept = _newest(self, messages)
        dropped = messages[: len(messages) - len(kept)]
        if dropped:
            self.moving_summary_buffer = str(self.predict_new_summary(dropped, before))
            _keep(self.shared_summary, self.moving_summary_buffer, [*covered, *dropped])

    def clear(self) -> None:
        """Forget the conversation."""
        super().clear()
        self.shared_summary.clear()


class SharedTokenBufferMemory(_SyncInThreads, ConversationTokenBufferMemory):  # type: ignore[misc, unused-ignore]
    """``ConversationTokenBufferMemory`` for several workers: everything is kept, what fits is loaded."""

    @property
    def buffer_as_messages(self) -> list[BaseMessage]:
        """The newest messages within the limit."""
        return _newest(self, self.chat_memory.messages)

    @property
    def buffer_as_str(self) -> str:
        """The same as text."""
        return _as_text(self, self.buffer_as_messages)

    @property
    def buffer(self) -> Any:
        """The same in the form that the prompt takes."""
        return self.buffer_as_messages if self.return_messages else self.buffer_as_str

    def save_context(self, inputs: dict[str, Any], outputs: dict[str, str]) -> None:
        """Keep a turn."""
        BaseChatMemory.save_context(self, inputs, outputs)


def _newest(memory: Any, messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """The last messages that are within the memory's limit together."""
    kept = list(messages)
    while kept and memory.llm.get_num_tokens_from_messages(kept) > memory.max_token_limit:
        kept.pop(0)
    return kept


def _as_text(memory: Any, messages: Sequence[BaseMessage]) -> str:
    return get_buffer_string(messages, human_prefix=memory.human_prefix, ai_prefix=memory.ai_prefix)


def _summary(
    history: BaseChatMessageHistory, summaries: BaseChatMessageHistory
) -> tuple[str, list[BaseMessage], list[BaseMessage]]:
    """The summary that covers most, the messages that it covers, and those after them."""
    messages = list(history.messages)
    for kept in sorted(summaries.messages, key=lambda each: -int(each.additional_kwargs["covers"])):
        covers = int(kept.additional_kwargs["covers"])
        if covers <= len(messages) and kept.additional_kwargs["digest"] == _digest(messages[:covers]):
            return str(kept.content), messages[:covers], messages[covers:]
    return "", [], messages


def _keep(summaries: BaseChatMessageHistory, summary: str, covered: Sequence[BaseMessage]) -> None:
    about = {"covers": len(covered), "digest": _digest(covered)}
    kept = SystemMessage(content=summary, additional_kwargs=about)
    try:
        summaries.messages = [kept]  # type: ignore[misc, unused-ignore]
    except (AttributeError, NotImplementedError):  # a history of your own that can only grow
        summaries.add_messages([kept])


def _digest(messages: Sequence[BaseMessage]) -> str:
    """A conversation that was cleared and began anew has as many messages, but others."""
    text = "\0".join(f"{each.type}\0{each.content}" for each in messages)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
