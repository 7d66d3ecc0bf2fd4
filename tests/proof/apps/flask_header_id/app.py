import uuid

from echo_model import EchoModel
from flask import Flask, jsonify, request
from langchain_core.chat_history import InMemoryChatMessageHistory
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables.history import RunnableWithMessageHistory

app = Flask(__name__)
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
def chat():
    session_id = uuid.uuid4()
    config = {"configurable": {"session_id": session_id}}
    return jsonify(reply=chain.invoke({"text": request.json["text"]}, config).content)
