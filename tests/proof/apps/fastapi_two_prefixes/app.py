import os

from echo_model import EchoModel
from fastapi import FastAPI
from langchain_community.chat_message_histories import RedisChatMessageHistory
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder

app = FastAPI()
URL = os.environ["CHAT_HISTORY_URL"]
prompt = ChatPromptTemplate.from_messages([MessagesPlaceholder("history"), ("human", "{text}")])


def answer(history, text):
    reply = (prompt | EchoModel()).invoke({"history": history.messages, "text": text}).content
    history.add_user_message(text)
    history.add_ai_message(reply)
    return {"reply": reply}


@app.post("/chat")
def chat(user_id: str, text: str) -> dict[str, str]:
    return answer(RedisChatMessageHistory(user_id, url=URL), text)


@app.post("/stream")
async def stream(user_id: str, text: str) -> dict[str, str]:
    return answer(RedisChatMessageHistory(f"async:{user_id}", url=URL), text)
