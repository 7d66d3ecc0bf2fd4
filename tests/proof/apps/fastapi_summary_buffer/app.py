from echo_model import EchoModel
from fastapi import FastAPI
from langchain_classic.chains import ConversationChain
from langchain_classic.memory import ConversationSummaryBufferMemory

app = FastAPI()


@app.post("/chat")
async def chat(user_id: str, text: str) -> dict[str, str]:
    memory = ConversationSummaryBufferMemory(llm=EchoModel(), max_token_limit=4)
    chain = ConversationChain(llm=EchoModel(), memory=memory)
    return {"reply": (await chain.ainvoke({"input": text}))["response"]}
