import uuid

from echo_model import EchoModel
from langchain_core.chat_history import InMemoryChatMessageHistory
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables.history import RunnableWithMessageHistory
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

store = {}
prompt = ChatPromptTemplate.from_messages([MessagesPlaceholder("history"), ("human", "{text}")])


def get_session_history(session_id: str):
    if session_id not in store:
        store[session_id] = InMemoryChatMessageHistory()
    return store[session_id]


chain = RunnableWithMessageHistory(
    prompt | EchoModel(), get_session_history, input_messages_key="text", history_messages_key="history"
)


async def chat(request):
    body = await request.json()
    if not body.get("text"):
        return JSONResponse({"error": "say something"}, status_code=422)
    session_id = str(uuid.uuid4())
    config = {"configurable": {"session_id": session_id}}
    answer = await chain.ainvoke({"text": body["text"]}, config)
    return JSONResponse({"reply": answer.content})


app = Starlette(routes=[Route("/chat", chat, methods=["POST"])])
