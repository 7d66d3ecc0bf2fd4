from echo_model import EchoModel
from fastapi import FastAPI
from langgraph.graph import START, MessagesState, StateGraph

app = FastAPI()
builder = StateGraph(MessagesState)
builder.add_node("answer", lambda state: {"messages": [EchoModel().invoke(state["messages"])]})
builder.add_edge(START, "answer")
graph = builder.compile()


@app.post("/chat")
def chat(user_id: str, text: str) -> dict[str, str]:
    config = {"configurable": {"thread_id": user_id}}
    state = graph.invoke({"messages": [("human", text)]}, config)
    return {"reply": state["messages"][-1].content}
