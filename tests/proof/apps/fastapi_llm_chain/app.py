from echo_model import EchoModel
from fastapi import FastAPI
from langchain_classic.chains import LLMChain
from langchain_classic.memory import ConversationBufferMemory
from langchain_core.prompts import PromptTemplate

app = FastAPI()
prompt = PromptTemplate.from_template("Be kind.\n{chat_history}\nHuman: {question}\nAI:")


@app.post("/chat/{session_id}")
def chat(session_id: str, text: str) -> dict[str, str]:
    memory = ConversationBufferMemory(memory_key="chat_history", input_key="question")
    chain = LLMChain(llm=EchoModel(), prompt=prompt, memory=memory)
    return {"reply": chain.invoke({"question": text})["text"]}
