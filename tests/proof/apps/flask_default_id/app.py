from echo_model import EchoModel
from flask import Flask, jsonify, request
from langchain_classic.chains import ConversationChain
from langchain_classic.memory import ConversationBufferMemory

app = Flask(__name__)
memories = {}


@app.route("/chat", methods=["POST"])
def chat():
    session_id = request.json.get("session_id", "default")
    if session_id not in memories:
        memories[session_id] = ConversationBufferMemory()
    chain = ConversationChain(llm=EchoModel(), memory=memories[session_id])
    return jsonify(reply=chain.predict(input=request.json["text"]))
