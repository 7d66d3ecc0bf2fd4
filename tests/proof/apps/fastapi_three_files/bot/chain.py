from echo_model import EchoModel
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables.history import RunnableWithMessageHistory

from bot.history import get_session_history

prompt = ChatPromptTemplate.from_messages([MessagesPlaceholder("history"), ("human", "{text}")])
chain = RunnableWithMessageHistory(
    prompt | EchoModel(),
    get_session_history,
    input_messages_key="text",
    history_messages_key="history",
)
