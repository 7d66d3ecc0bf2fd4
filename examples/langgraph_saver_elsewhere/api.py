"""A LangGraph agent behind an API: the saver is built in another module, and its threads end with the worker."""

from fastapi import FastAPI

from graph import build_graph

app = FastAPI(title="Travel desk")
graph = build_graph()


@app.post("/threads/{thread_id}/messages")
async def post_message(thread_id: str, text: str) -> dict[str, str]:
    config = {"configurable": {"thread_id": thread_id}}
    state = await graph.ainvoke({"messages": [("human", text)]}, config)
    return {"text": state["messages"][-1].content}
