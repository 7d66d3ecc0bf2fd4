"""Where the conversations live."""

from langchain_core.chat_history import BaseChatMessageHistory, InMemoryChatMessageHistory

store = {}


def get_session_history(session_id: str) -> BaseChatMessageHistory:
    """The history of one session."""
    if session_id not in store:
        store[session_id] = InMemoryChatMessageHistory()
    return store[session_id]
