"""What the bot says."""

from langchain.chains import LLMChain
from langchain.memory import ConversationBufferMemory
from langchain.prompts import PromptTemplate
from langchain_openai import ChatOpenAI

PROMPT = PromptTemplate.from_template("You are a helpful colleague.\n{chat_history}\nQuestion: {text}\nAnswer:")


class Assistant:
    """A chain with a memory."""

    def __init__(self) -> None:
        self.memory = ConversationBufferMemory(memory_key="chat_history")
        self.chain = LLMChain(llm=ChatOpenAI(model="gpt-4o-mini"), prompt=PROMPT, memory=self.memory)

    def answer(self, text: str) -> str:
        return self.chain.predict(text=text)
