from uuid import uuid4

from echo_model import EchoModel
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from langchain_core.chat_history import InMemoryChatMessageHistory
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables.history import RunnableWithMessageHistory

app = FastAPI()
store = {}
prompt = ChatPromptTemplate.from_messages([MessagesPlaceholder("history"), ("human", "{text}")])


def get_session_history(session_id: str):
    if session_id not in store:
        store[session_id] = InMemoryChatMessageHistory()
    return store[session_id]


chain = RunnableWithMessageHistory(
    prompt | EchoModel(), get_session_history, input_messages_key="text", history_messages_key="history"
)


@app.post("/chat")
def chat(text: str):
    session_id = uuid4().hex
    config = {"configurable": {"session_id": session_id}}

    def words():
        yield '{"reply": "'
        for part in chain.stream({"text": text}, config):
            yield part.content
        yield '"}'

    return StreamingResponse(words(), media_type="application/json")
