"""A Streamlit app of two pages: one memory for all visitors here, and one that each rerun empties on the other page."""

import streamlit as st
from langchain.chains import ConversationChain
from langchain.memory import ConversationBufferMemory
from langchain_openai import ChatOpenAI


@st.cache_resource
def load_chain() -> ConversationChain:
    memory = ConversationBufferMemory()
    return ConversationChain(llm=ChatOpenAI(model="gpt-4o-mini"), memory=memory)


st.title("Ask the library")

if question := st.chat_input("What are you looking for?"):
    st.chat_message("user").write(question)
    st.chat_message("assistant").write(load_chain().predict(input=question))
