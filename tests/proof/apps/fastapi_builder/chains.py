from echo_model import EchoModel
from langchain_classic.chains import ConversationChain
from langchain_classic.memory import ConversationBufferMemory


def build_chain():
    memory = ConversationBufferMemory()
    return ConversationChain(llm=EchoModel(), memory=memory)
