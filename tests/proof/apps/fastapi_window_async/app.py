from echo_model import EchoModel
from fastapi import FastAPI
from langchain_classic.chains import ConversationChain
from langchain_classic.memory import ConversationBufferWindowMemory

app = FastAPI()
llm = EchoModel()


def build_chain(user_id: str) -> ConversationChain:
    memory = ConversationBufferWindowMemory(k=20)  # as much as the model takes
    return ConversationChain(llm=llm, memory=memory, verbose=False)


@app.post("/chat")
async def chat(user_id: str, text: str) -> dict[str, str]:
    answer = await build_chain(user_id).ainvoke({"input": text})
    return {"reply": answer["response"]}
