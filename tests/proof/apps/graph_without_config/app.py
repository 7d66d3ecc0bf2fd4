from echo_model import EchoModel
from fastapi import FastAPI
from langgraph.checkpoint.memory import MemorySaver
from langgraph.graph import START, MessagesState, StateGraph

app = FastAPI()
model = EchoModel()


def answer(state: MessagesState):
    return {"messages": [model.invoke(state["messages"])]}


builder = StateGraph(MessagesState)
builder.add_node("answer", answer)
builder.add_edge(START, "answer")
memory = MemorySaver()
graph = builder.compile(checkpointer=memory)


@app.post("/chat")
def chat(thread_id: str, text: str) -> dict[str, str]:
    state = graph.invoke({"messages": [("human", text)]})
    return {"reply": state["messages"][-1].content}
