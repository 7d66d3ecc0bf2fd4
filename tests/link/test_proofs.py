"""Where requests enter, and which way leads from there to a finding."""

from __future__ import annotations

from tests.link.conftest import Link

AGENT = """
    from langgraph.checkpoint.memory import InMemorySaver
    from langgraph.prebuilt import create_react_agent

    agent = create_react_agent("openai:gpt-4o", tools=[], checkpointer=InMemorySaver())

    class Assistant:
        def __init__(self, thread_id):
            self.thread_id = thread_id
        def answer(self, text):
            return agent.invoke({"messages": text}, {"configurable": {"thread_id": self.thread_id}})
"""


def test_a_file_that_is_handed_a_widgets_text_is_no_page(linked: Link) -> None:
    """
    A command line program that shares a helper with a Streamlit page draws nothing itself.
    """
    project = linked(
        {
            "guard.py": "def clean(text):\n    return text.strip()",
            "page.py": "import streamlit as st\nfrom guard import clean\nst.write(clean(st.chat_input()))",
            "cli.py": "from guard import clean\nprint(clean(input()))",
        }
    )

    assert project.entries() == {"page.py:<module>": "streamlit"}


def test_a_command_of_a_webex_bot(linked: Link) -> None:
    """
    The bot calls `execute` of a command for every message.
    """
    project = linked(
        {
            "commands.py": """
                from webex_bot.models.command import Command
                class Ask(Command):
                    def execute(self, message, attachment_actions, activity):
                        return self.answer(message)
                    def answer(self, message):
                        return message
            """
        }
    )

    assert project.entries() == {"commands.py:Ask.execute": "webex-bot"}


def test_the_chat_route_is_the_better_proof(linked: Link) -> None:
    """
    A route that only looks after conversations proves less than the one that answers, though its way is shorter.
    """
    project = linked(
        {
            "app.py": """
                from fastapi import FastAPI
                app = FastAPI()
                @app.delete("/chat")
                def delete_chat(): return build()
                @app.post("/chat")
                def chat_stream(): return helper()
                def helper(): return build()
                def build(): return 1
            """
        }
    )

    assert [text for _, _, text in project.route("app.py:build")] == [
        "request enters `chat_stream` here (fastapi)",
        "calls `helper`",
        "calls `build`",
    ]


def test_the_route_that_starts_a_thread_is_the_better_proof(linked: Link) -> None:
    """
    What the thread runs is proved from the route on, not from the thread's own function.
    """
    project = linked(
        {
            "app.py": """
                from threading import Thread
                from fastapi import FastAPI
                app = FastAPI()
                def work(): return build()
                @app.post("/update")
                def update(): Thread(target=work).start()
                def build(): return 1
            """
        }
    )

    assert project.route("app.py:build")[0][2] == "request enters `update` here (fastapi)"


def test_the_proof_leads_through_the_literal(linked: Link) -> None:
    """
    Each literal is proved by the route that brings it, not by the shortest way to what it selects.
    """
    project = linked(
        {
            "assistant.py": AGENT,
            "app.py": """
                from fastapi import FastAPI
                from pydantic import BaseModel
                from assistant import Assistant
                app = FastAPI()
                class First(BaseModel):
                    thread_id: str = "first"
                class Second(BaseModel):
                    thread_id: str = "second"
                @app.post("/a")
                def chat(asked: First): return Assistant(asked.thread_id).answer("")
                @app.post("/b")
                def ask(asked: Second): return Assistant(asked.thread_id).answer("")
                @app.post("/c")
                def answer(): return Assistant("third").answer("")
            """,
        }
    )

    proofs = {constant.text: constant.trace[0].text for constant in project.project.keys.constants()}
    assert proofs == {
        "'first'": "request enters `chat` here (fastapi)",
        "'second'": "request enters `ask` here (fastapi)",
        "'third'": "request enters `answer` here (fastapi)",
    }
