"""The chain: prompt, model and the history of the session."""

from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables.history import RunnableWithMessageHistory
from langchain_openai import ChatOpenAI

from app.store import get_session_history

prompt = ChatPromptTemplate.from_messages(
    [
        ("system", "You help customers of a bicycle shop."),
        MessagesPlaceholder("history"),
        ("human", "{question}"),
    ]
)
chain = RunnableWithMessageHistory(
    prompt | ChatOpenAI(model="gpt-4o-mini"),
    get_session_history,
    input_messages_key="question",
    history_messages_key="history",
)


async def answer(session_id: str, question: str) -> str:
    """The assistant's next words in this session."""
    config = {"configurable": {"session_id": session_id}}
    message = await chain.ainvoke({"question": question}, config=config)
    return message.content
