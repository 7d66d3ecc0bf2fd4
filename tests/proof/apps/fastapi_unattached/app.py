from echo_model import EchoModel
from fastapi import FastAPI
from langchain_classic.chains import LLMChain
from langchain_classic.memory import ConversationBufferMemory
from langchain_core.prompts import PromptTemplate

app = FastAPI()
prompt = PromptTemplate.from_template("{history}\nHuman: {text}")


@app.post("/chat/{session_id}")
def chat(session_id: str, text: str) -> dict[str, str]:
    memory = ConversationBufferMemory(memory_key="history")
    chain = LLMChain(llm=EchoModel(), prompt=prompt)
    return {"reply": chain.invoke({"text": text, "history": ""})["text"]}
