import sqlite3

from echo_model import EchoModel
from fastapi import FastAPI
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import START, MessagesState, StateGraph

app = FastAPI()
builder = StateGraph(MessagesState)
builder.add_node("answer", lambda state: {"messages": [EchoModel().invoke(state["messages"])]})
builder.add_edge(START, "answer")
graph = builder.compile(checkpointer=SqliteSaver(sqlite3.connect("threads.db", check_same_thread=False)))


@app.post("/chat")
def chat(thread_id: str, text: str) -> dict[str, str]:
    config = {"configurable": {"thread_id": thread_id}}
    return {"reply": graph.invoke({"messages": [("human", text)]}, config)["messages"][-1].content}
