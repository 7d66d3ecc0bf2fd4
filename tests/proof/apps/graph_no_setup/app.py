import os

from echo_model import EchoModel
from fastapi import FastAPI
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.graph import START, MessagesState, StateGraph
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

app = FastAPI()
pool = ConnectionPool(
    os.environ["DATABASE_URL"], kwargs={"autocommit": True, "prepare_threshold": None, "row_factory": dict_row}
)
checkpointer = PostgresSaver(pool)
builder = StateGraph(MessagesState)
builder.add_node("answer", lambda state: {"messages": [EchoModel().invoke(state["messages"])]})
builder.add_edge(START, "answer")
graph = builder.compile(checkpointer=checkpointer)


@app.post("/chat")
def chat(user_id: str, text: str) -> dict[str, str]:
    config = {"configurable": {"thread_id": user_id}}
    state = graph.invoke({"messages": [("human", text)]}, config)
    return {"reply": state["messages"][-1].content}
