from echo_model import EchoModel
from fastapi import FastAPI
from langchain_classic.chains import ConversationalRetrievalChain
from langchain_classic.memory import ConversationBufferMemory
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

app = FastAPI()


class Shelf(BaseRetriever):
    def _get_relevant_documents(self, query, *, run_manager):
        return [Document(page_content="Open from nine to five.")]


@app.post("/chat")
def chat(user_id: str, text: str) -> dict[str, str]:
    memory = ConversationBufferMemory(
        memory_key="chat_history",
        output_key="answer",
        return_messages=True,
    )
    chain = ConversationalRetrievalChain.from_llm(
        llm=EchoModel(), retriever=Shelf(), memory=memory, return_source_documents=True
    )
    chain.invoke({"question": text})
    # What the chain asks the shelf is a question of its own; what it remembers is what counts here.
    remembered = chain.memory.load_memory_variables({})["chat_history"]
    return {"reply": EchoModel().invoke(remembered).content}
