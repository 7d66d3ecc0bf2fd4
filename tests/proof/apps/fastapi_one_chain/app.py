from echo_model import EchoModel
from fastapi import FastAPI
from langchain_classic.chains import ConversationChain
from langchain_classic.memory import ConversationBufferMemory

app = FastAPI()

# One for the whole app.
memory = ConversationBufferMemory()
chain = ConversationChain(llm=EchoModel(), memory=memory)


@app.post("/chat/{session_id}")
async def chat(session_id: str, text: str) -> dict[str, str]:
    return {"reply": (await chain.ainvoke({"input": text}))["response"]}


@app.delete("/chat/{session_id}")
def forget(session_id: str) -> None:
    memory.clear()
