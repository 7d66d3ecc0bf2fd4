from echo_model import EchoModel
from fastapi import FastAPI
from langchain_classic.chains import ConversationChain
from langchain_classic.memory import ConversationBufferMemory
from pydantic import BaseModel

app = FastAPI()


class Question(BaseModel):
    text: str


class Answer(BaseModel):
    reply: str


@app.post("/chat", response_model=Answer)
async def chat(question: Question):
    chain = ConversationChain(llm=EchoModel(), memory=ConversationBufferMemory())
    return Answer(reply=(await chain.ainvoke({"input": question.text}))["response"])
