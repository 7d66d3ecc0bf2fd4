from echo_model import EchoModel
from fastapi import FastAPI
from langchain_classic.agents import AgentExecutor, create_tool_calling_agent
from langchain_classic.memory import ConversationBufferMemory
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.tools import tool

app = FastAPI()


@tool
def opening_hours() -> str:
    """When the shop is open."""
    return "nine to five"


prompt = ChatPromptTemplate.from_messages(
    [
        ("system", "You help in a shop."),
        MessagesPlaceholder("chat_history"),
        ("human", "{input}"),
        MessagesPlaceholder("agent_scratchpad"),
    ]
)
tools = [opening_hours]
agent = create_tool_calling_agent(EchoModel(), tools, prompt)


@app.post("/chat")
def chat(user_id: str, text: str) -> dict[str, str]:
    executor = AgentExecutor(
        agent=agent,
        tools=tools,
        memory=ConversationBufferMemory(memory_key="chat_history", return_messages=True),
    )
    return {"reply": executor.invoke({"input": text})["output"]}
