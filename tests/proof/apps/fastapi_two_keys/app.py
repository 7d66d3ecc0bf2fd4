from echo_model import EchoModel
from fastapi import FastAPI
from langchain_core.chat_history import BaseChatMessageHistory, InMemoryChatMessageHistory
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables import ConfigurableFieldSpec
from langchain_core.runnables.history import RunnableWithMessageHistory

app = FastAPI()
store: dict[tuple[str, str], BaseChatMessageHistory] = {}
prompt = ChatPromptTemplate.from_messages([MessagesPlaceholder("history"), ("human", "{text}")])


def get_session_history(user_id: str, session_id: str) -> BaseChatMessageHistory:
    if (user_id, session_id) not in store:
        store[(user_id, session_id)] = InMemoryChatMessageHistory()
    return store[(user_id, session_id)]


chain = RunnableWithMessageHistory(
    prompt | EchoModel(),
    get_session_history,
    input_messages_key="text",
    history_messages_key="history",
    history_factory_config=[
        ConfigurableFieldSpec(id="user_id", annotation=str, is_shared=True),
        ConfigurableFieldSpec(id="session_id", annotation=str, is_shared=True),
    ],
)


@app.post("/chat")
def chat(user_id: str, session_id: str, text: str) -> dict[str, str]:
    config = {"configurable": {"user_id": user_id, "session_id": session_id}}
    return {"reply": chain.invoke({"text": text}, config=config).content}
