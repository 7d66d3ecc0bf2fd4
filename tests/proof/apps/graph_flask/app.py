from echo_model import EchoModel
from flask import Flask, jsonify, request
from langgraph.checkpoint.memory import MemorySaver
from langgraph.graph import START, MessagesState, StateGraph

app = Flask(__name__)


def create_graph():
    builder = StateGraph(MessagesState)
    builder.add_node("answer", lambda state: {"messages": [EchoModel().invoke(state["messages"])]})
    builder.add_edge(START, "answer")
    return builder.compile(checkpointer=MemorySaver())


graph = create_graph()


@app.route("/chat", methods=["POST"])
def chat():
    data = request.json
    config = {"configurable": {"thread_id": data["user_id"]}}
    state = graph.invoke({"messages": [("human", data["text"])]}, config)
    return jsonify({"reply": state["messages"][-1].content})
