from echo_model import EchoModel
from flask import Flask, request
from langchain_classic.chains import ConversationChain
from langchain_classic.memory import ConversationSummaryMemory

app = Flask(__name__)


@app.post("/chat/<user_id>")
def chat(user_id):
    memory = ConversationSummaryMemory(llm=EchoModel())
    chain = ConversationChain(llm=EchoModel(), memory=memory)
    return {"reply": chain.invoke({"input": request.json["text"]})["response"]}
