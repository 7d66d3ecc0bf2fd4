"""A Lambda behind an HTTP API: the history is in DynamoDB, but a new session id on each call means that nobody finds it."""

import json
import uuid

from langchain.chains import ConversationChain
from langchain.memory import ConversationBufferMemory
from langchain_aws import ChatBedrock
from langchain_community.chat_message_histories import DynamoDBChatMessageHistory

llm = ChatBedrock(model_id="anthropic.claude-3-haiku-20240307-v1:0")


def lambda_handler(event, context):
    body = json.loads(event["body"])
    session_id = str(uuid.uuid4())
    history = DynamoDBChatMessageHistory(table_name="conversations", session_id=session_id)
    memory = ConversationBufferMemory(chat_memory=history)
    chain = ConversationChain(llm=llm, memory=memory)
    answer = chain.predict(input=body["text"])
    return {"statusCode": 200, "body": json.dumps({"answer": answer})}
