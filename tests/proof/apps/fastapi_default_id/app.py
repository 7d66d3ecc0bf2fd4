from echo_model import EchoModel
from fastapi import FastAPI
from langchain_core.chat_history import InMemoryChatMessageHistory
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables.history import RunnableWithMessageHistory
from pydantic import BaseModel

app = FastAPI()
store = {}
prompt = ChatPromptTemplate.from_messages([MessagesPlaceholder("history"), ("human", "{text}")])


class Question(BaseModel):
    text: str
    session_id: str = "default"


def get_session_history(session_id: str):
    if session_id not in store:
        store[session_id] = InMemoryChatMessageHistory()
    return store[session_id]


chain = RunnableWithMessageHistory(
    prompt | EchoModel(), get_session_history, input_messages_key="text", history_messages_key="history"
)


@app.post("/chat")
def chat(question: Question) -> dict[str, str]:
    config = {"configurable": {"session_id": question.session_id}}
    return {"reply": chain.invoke({"text": question.text}, config).content}
