from echo_model import EchoModel
from fastapi import FastAPI
from langchain.agents import create_agent
from langgraph.checkpoint.memory import InMemorySaver

app = FastAPI()
agent = create_agent(EchoModel(), tools=[], checkpointer=InMemorySaver())


@app.post("/chat")
async def chat(user_id: str, text: str) -> dict[str, str]:
    config = {"configurable": {"thread_id": user_id}}
    state = await agent.ainvoke({"messages": [{"role": "user", "content": text}]}, config)
    return {"reply": state["messages"][-1].content}
