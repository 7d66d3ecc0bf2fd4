from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from graph import build_graph


@asynccontextmanager
async def lifespan(app: FastAPI):
    app.state.graph = build_graph()
    yield


app = FastAPI(lifespan=lifespan)


@app.post("/chat")
async def chat(request: Request, thread_id: str, text: str) -> dict[str, str]:
    config = {"configurable": {"thread_id": thread_id}}
    state = await request.app.state.graph.ainvoke({"messages": [("human", text)]}, config=config)
    return {"reply": state["messages"][-1].content}
