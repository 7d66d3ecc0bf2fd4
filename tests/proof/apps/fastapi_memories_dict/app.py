from echo_model import EchoModel
from fastapi import FastAPI
from langchain_classic.chains import ConversationChain
from langchain_classic.memory import ConversationBufferMemory

app = FastAPI()

# One memory for each user.
memories = {}


def get_memory(user_id: str) -> ConversationBufferMemory:
    if user_id not in memories:
        memories[user_id] = ConversationBufferMemory()
    return memories[user_id]


@app.post("/chat")
def chat(user_id: str, text: str) -> dict[str, str]:
    chain = ConversationChain(llm=EchoModel(), memory=get_memory(user_id))
    return {"reply": chain.predict(input=text)}
