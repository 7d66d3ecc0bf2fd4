from echo_model import EchoModel
from flask import Flask, jsonify, request
from langchain_classic.chains import ConversationChain
from langchain_classic.memory import ConversationBufferMemory

app = Flask(__name__)
llm = EchoModel()


@app.route("/chat", methods=["POST"])
def chat():
    data = request.get_json()
    user_id = data["user_id"]
    chain = ConversationChain(llm=llm, memory=ConversationBufferMemory())
    return jsonify(reply=chain.predict(input=data["text"]), user=user_id)
