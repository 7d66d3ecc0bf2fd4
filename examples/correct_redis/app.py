"""The same service done right: every worker reads and writes the conversation in Redis. lcmemlint stays silent."""

import os
from uuid import uuid4

from fastapi import FastAPI
from langchain_community.chat_message_histories import RedisChatMessageHistory
from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables.history import RunnableWithMessageHistory
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

REDIS_URL = os.environ["REDIS_URL"]
ONE_WEEK = 7 * 24 * 3600

app = FastAPI(title="Support assistant")


class Question(BaseModel):
    text: str
    session_id: str | None = None


class Answer(BaseModel):
    text: str
    session_id: str


def get_session_history(session_id: str) -> BaseChatMessageHistory:
    return RedisChatMessageHistory(session_id, url=REDIS_URL, ttl=ONE_WEEK)


prompt = ChatPromptTemplate.from_messages(
    [
        ("system", "You help customers of a bicycle shop."),
        MessagesPlaceholder("history"),
        ("human", "{question}"),
    ]
)
chain = RunnableWithMessageHistory(
    prompt | ChatOpenAI(model="gpt-4o-mini"),
    get_session_history,
    input_messages_key="question",
    history_messages_key="history",
)


@app.post("/chat")
def chat(question: Question) -> Answer:
    session_id = question.session_id or str(uuid4())
    config = {"configurable": {"session_id": session_id}}
    message = chain.invoke({"question": question.text}, config=config)
    return Answer(text=message.content, session_id=session_id)
