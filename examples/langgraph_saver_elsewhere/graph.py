"""The agent's graph: a model that may call one tool."""

from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import MemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition


@tool
def opening_hours(city: str) -> str:
    """When the desk in a city is open."""
    return {"Berlin": "9 to 17", "Paris": "10 to 18"}.get(city, "closed")


model = ChatOpenAI(model="gpt-4o-mini").bind_tools([opening_hours])


async def call_model(state: MessagesState) -> dict:
    return {"messages": [await model.ainvoke(state["messages"])]}


def build_graph():
    """The compiled graph, with a checkpointer."""
    builder = StateGraph(MessagesState)
    builder.add_node("model", call_model)
    builder.add_node("tools", ToolNode([opening_hours]))
    builder.add_edge(START, "model")
    builder.add_conditional_edges("model", tools_condition)
    builder.add_edge("tools", "model")
    memory = MemorySaver()
    return builder.compile(checkpointer=memory)
