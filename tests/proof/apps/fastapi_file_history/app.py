from echo_model import EchoModel
from fastapi import FastAPI
from langchain_community.chat_message_histories import FileChatMessageHistory
from langchain_classic.chains import ConversationChain
from langchain_classic.memory import ConversationBufferMemory

app = FastAPI()


@app.post("/chat")
def chat(user_id: str, text: str) -> dict[str, str]:
    memory = ConversationBufferMemory(chat_memory=FileChatMessageHistory(f"{user_id}.json"))
    return {"reply": ConversationChain(llm=EchoModel(), memory=memory).predict(input=text)}
