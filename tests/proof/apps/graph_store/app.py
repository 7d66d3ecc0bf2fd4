from fastapi import FastAPI
from langchain_core.runnables import RunnableConfig
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore
from echo_model import EchoModel

app = FastAPI()
store = InMemoryStore()


async def answer(state: MessagesState, config: RunnableConfig, *, store: BaseStore):
    facts = ("facts", config["configurable"]["user_id"])
    said = state["messages"][-1].content
    await store.aput(facts, said, {"text": said})
    known = [item.value["text"] for item in await store.asearch(facts, limit=50)]
    return {"messages": [EchoModel().invoke(" ".join(known))]}


builder = StateGraph(MessagesState)
builder.add_node("answer", answer)
builder.add_edge(START, "answer")
graph = builder.compile(store=store)


@app.post("/chat")
async def chat(user_id: str, text: str) -> dict[str, str]:
    config = {"configurable": {"user_id": user_id}}
    state = await graph.ainvoke({"messages": [("human", text)]}, config)
    return {"reply": state["messages"][-1].content}
