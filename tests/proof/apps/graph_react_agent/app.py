from echo_model import EchoModel
from fastapi import FastAPI
from langgraph.checkpoint.memory import MemorySaver
from langgraph.prebuilt import create_react_agent

app = FastAPI()
agent = create_react_agent(EchoModel(), tools=[], checkpointer=MemorySaver())


@app.post("/chat/{thread_id}")
def chat(thread_id: str, text: str) -> dict[str, str]:
    config = {"configurable": {"thread_id": thread_id}}
    state = agent.invoke({"messages": [{"role": "user", "content": text}]}, config=config)
    return {"reply": state["messages"][-1].content}
