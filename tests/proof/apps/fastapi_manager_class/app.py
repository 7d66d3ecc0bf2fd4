from echo_model import EchoModel
from fastapi import FastAPI
from langchain_core.chat_history import InMemoryChatMessageHistory
from langchain_core.messages import HumanMessage

app = FastAPI()


class Conversations:
    """Keeps what was said."""

    def __init__(self) -> None:
        self.histories: dict[str, InMemoryChatMessageHistory] = {}
        self.model = EchoModel()

    def history(self, user_id: str) -> InMemoryChatMessageHistory:
        if user_id not in self.histories:
            self.histories[user_id] = InMemoryChatMessageHistory()
        return self.histories[user_id]

    def answer(self, user_id: str, text: str) -> str:
        history = self.history(user_id)
        history.add_user_message(text)
        reply = self.model.invoke(history.messages)
        history.add_message(reply)
        return reply.content


conversations = Conversations()


@app.post("/chat")
def chat(user_id: str, text: str) -> dict[str, str]:
    return {"reply": conversations.answer(user_id, text)}
