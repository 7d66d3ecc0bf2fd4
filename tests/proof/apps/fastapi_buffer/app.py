from echo_model import EchoModel
from fastapi import FastAPI
from langchain_classic.chains import ConversationChain
from langchain_classic.memory import ConversationBufferMemory
from pydantic import BaseModel

app = FastAPI()
llm = EchoModel()


class Message(BaseModel):
    user_id: str
    text: str


@app.post("/chat")
def chat(message: Message) -> dict[str, str]:
    memory = ConversationBufferMemory()
    chain = ConversationChain(llm=llm, memory=memory)
    return {"reply": chain.predict(input=message.text)}
