"""The second page: the last five turns, as long as nothing is clicked."""

import streamlit as st
from langchain.chains import ConversationChain
from langchain.memory import ConversationBufferWindowMemory
from langchain_openai import ChatOpenAI

st.title("Book club")

memory = ConversationBufferWindowMemory(k=5)
chain = ConversationChain(llm=ChatOpenAI(model="gpt-4o-mini"), memory=memory)

if text := st.chat_input("What did you read?"):
    st.write(chain.predict(input=text))
