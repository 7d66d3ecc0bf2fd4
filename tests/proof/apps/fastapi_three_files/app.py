from bot.chain import chain
from fastapi import FastAPI

app = FastAPI()


@app.post("/chat/{session_id}")
async def chat(session_id: str, text: str) -> dict[str, str]:
    config = {"configurable": {"session_id": session_id}}
    return {"reply": (await chain.ainvoke({"text": text}, config)).content}
