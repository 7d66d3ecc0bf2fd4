"""A FastAPI service in three files (routes, service, store): each worker keeps the conversations that it happened to serve."""

from fastapi import FastAPI
from pydantic import BaseModel

from app.service import answer

app = FastAPI(title="Support assistant")


class Question(BaseModel):
    session_id: str
    text: str


class Answer(BaseModel):
    text: str


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/chat")
async def chat(question: Question) -> Answer:
    return Answer(text=await answer(question.session_id, question.text))
