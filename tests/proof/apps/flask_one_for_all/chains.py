from echo_model import EchoModel
from langchain_classic.chains import ConversationChain

chain = ConversationChain(llm=EchoModel())
