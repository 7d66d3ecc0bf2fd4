"""The handler that works on your machine: memory built in the handler forgets everything between two requests."""

from langchain.chains import ConversationChain
from langchain.memory import ConversationBufferMemory
from langchain_openai import ChatOpenAI


def handle_request(user_input):
    memory = ConversationBufferMemory()
    llm = ChatOpenAI(model="gpt-4o-mini", temperature=0)
    chain = ConversationChain(llm=llm, memory=memory)
    return chain.predict(input=user_input)
