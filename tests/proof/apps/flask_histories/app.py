from echo_model import EchoModel
from flask import Flask, request
from langchain_core.chat_history import InMemoryChatMessageHistory
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables.history import RunnableWithMessageHistory

app = Flask(__name__)
histories = {}
prompt = ChatPromptTemplate.from_messages([MessagesPlaceholder("history"), ("human", "{text}")])


def get_session_history(session_id):
    return histories.setdefault(session_id, InMemoryChatMessageHistory())


chain = RunnableWithMessageHistory(
    prompt | EchoModel(), get_session_history, input_messages_key="text", history_messages_key="history"
)


@app.post("/chat")
def chat():
    session_id = request.json["session_id"]
    config = {"configurable": {"session_id": session_id}}
    return {"reply": chain.invoke({"text": request.json["text"]}, config=config).content}
