from chains import build_chain
from fastapi import FastAPI

app = FastAPI()
chains = {}


@app.post("/chat/{session_id}")
def chat(session_id: str, text: str) -> dict[str, str]:
    if session_id not in chains:
        chains[session_id] = build_chain()
    return {"reply": chains[session_id].predict(input=text)}
