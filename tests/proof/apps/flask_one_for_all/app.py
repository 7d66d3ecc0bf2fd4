from chains import chain as bot
from flask import Flask, jsonify, request

app = Flask(__name__)


@app.route("/chat", methods=["POST"])
def chat():
    data = request.get_json()
    user_id = data["user_id"]
    return jsonify(reply=bot.predict(input=data["text"]), user=user_id)
