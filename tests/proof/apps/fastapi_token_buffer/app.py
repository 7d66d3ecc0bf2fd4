from echo_model import EchoModel
from fastapi import FastAPI
from langchain_classic.chains import ConversationChain
from langchain_classic.memory import ConversationTokenBufferMemory

app = FastAPI()


@app.post("/chat")
def chat(user_id: str, text: str) -> dict[str, str]:
    memory = ConversationTokenBufferMemory(llm=EchoModel(), max_token_limit=2000)
    chain = ConversationChain(llm=EchoModel(), memory=memory)
    return {"reply": chain.invoke({"input": text})["response"]}
