"""Little projects of several files: what must be found, exactly there, and what must stay silent.

`# expect: LCM101` ends the line where a finding must be; nothing else may be reported in the whole project.
`route` names the files that the finding's trace must pass through, in this order.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import pytest

from lcmemlint.run import lint

EXPECT = re.compile(r"#\s*expect:\s*(LCM\d+(?:\s*,\s*LCM\d+)*)\s*$")


class Check(Protocol):
    def __call__(self, files: Mapping[str, str], *, route: Sequence[str] = ()) -> None: ...


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Write the files, lint them, compare."""

    def run(files: Mapping[str, str], *, route: Sequence[str] = ()) -> None:
        root = tmp_path / "project"
        root.mkdir()
        texts = {"pyproject.toml": "", **{name: dedented(text) for name, text in files.items()}}
        for name, text in texts.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

        report = lint([root])
        found = sorted((one.at.path, one.at.span.line, one.code) for one in report.findings)

        assert report.crashes == ()
        assert report.problems == ()
        assert sorted(expectations(texts)) == found
        if route:
            (finding,) = report.findings
            assert list(route) == without_repeats(step.at.path for step in finding.because)

    return run


def dedented(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


def expectations(texts: Mapping[str, str]) -> Iterator[tuple[str, int, str]]:
    """What the comments say; Python that does not compile is a mistake of the test."""
    for name, text in texts.items():
        if name.endswith(".py"):
            compile(ast.parse(text, name), name, "exec")
        for number, line in enumerate(text.splitlines(), 1):
            if match := EXPECT.search(line):
                yield from ((name, number, code) for code in re.split(r"\s*,\s*", match[1]))


def without_repeats(paths: Iterator[str]) -> list[str]:
    """Each stay in a file once."""
    stays: list[str] = []
    for path in paths:
        if not stays or stays[-1] != path:
            stays.append(path)
    return stays


FASTAPI_ROUTE = """
    from fastapi import FastAPI

    from {module} import {name}

    app = FastAPI()


    @app.post("/chat/{{user_id}}")
    def chat(user_id: str, text: str) -> str:
        return {name}(user_id, text)
"""
"""A route that calls `name(user_id, text)` of `module`."""

FORGETFUL = """
    from langchain.chains import ConversationChain
    from langchain.memory import ConversationBufferMemory
    from langchain_openai import ChatOpenAI


    def answer(user_id: str, text: str) -> str:
        memory = ConversationBufferMemory()  # expect: LCM101
        return ConversationChain(llm=ChatOpenAI(), memory=memory).predict(input=text)
"""
"""A function whose memory is new at each call."""

UNCALLED = FORGETFUL.replace("  # expect: LCM101", "")
"""The same, where nobody calls it."""


def route_to(module: str, name: str = "answer") -> str:
    return FASTAPI_ROUTE.format(module=module, name=name)


# --- how names lead from file to file --------------------------------------------------------------------


def test_memory_three_calls_away(check: Check) -> None:
    """
    The route names no memory, nor do the two files between it and the memory.
    """
    check(
        {
            "main.py": route_to("service"),
            "service.py": """
                from chains import chain_for


                def answer(user_id: str, text: str) -> str:
                    return chain_for(user_id).predict(input=text)
            """,
            "chains.py": """
                from langchain.chains import ConversationChain
                from langchain_openai import ChatOpenAI

                from memories import new_memory


                def chain_for(user_id: str) -> ConversationChain:
                    return ConversationChain(llm=ChatOpenAI(), memory=new_memory())
            """,
            "memories.py": """
                from langchain.memory import ConversationBufferMemory


                def new_memory() -> ConversationBufferMemory:
                    return ConversationBufferMemory()  # expect: LCM101
            """,
        },
        route=["main.py", "service.py", "chains.py", "memories.py"],
    )


def test_a_name_that_the_package_re_exports(check: Check) -> None:
    """
    `from bot import answer` finds the function behind `bot/__init__.py`.
    """
    check(
        {
            "main.py": route_to("bot"),
            "bot/__init__.py": "from .core.answering import answer as answer\n",
            "bot/core/__init__.py": "",
            "bot/core/answering.py": FORGETFUL,
        }
    )


def test_a_name_re_exported_under_another_name(check: Check) -> None:
    """
    `from .core import answer as reply` in `__init__` renames it once more.
    """
    check(
        {
            "main.py": route_to("bot", "reply"),
            "bot/__init__.py": "from .core import answer as reply\n\n__all__ = ['reply']\n",
            "bot/core.py": FORGETFUL,
        }
    )


def test_a_star_import_inside_the_project(check: Check) -> None:
    """
    `from bot.core import *` brings the public names of the module.
    """
    check(
        {
            "main.py": route_to("bot"),
            "bot/__init__.py": "from bot.core import *\n",
            "bot/core.py": FORGETFUL,
        }
    )


def test_a_star_import_keeps_to_dunder_all(check: Check) -> None:
    """
    What `__all__` leaves out is not imported: the route's `answer` is the other one.
    """
    check(
        {
            "main.py": """
                from fastapi import FastAPI

                from plain import answer
                from bot import *

                app = FastAPI()


                @app.post("/chat/{user_id}")
                def chat(user_id: str, text: str) -> str:
                    return answer(user_id, text)
            """,
            "plain.py": """
                from langchain_openai import ChatOpenAI


                def answer(user_id: str, text: str) -> str:
                    return ChatOpenAI().invoke(text).content
            """,
            "bot.py": "__all__ = ['VERSION']\nVERSION = '1'\n" + dedented(UNCALLED),
        }
    )


def test_a_src_layout(check: Check) -> None:
    """
    `src/` is no part of the module's name.
    """
    check(
        {"src/shop/__init__.py": "", "src/shop/main.py": route_to("shop.bot"), "src/shop/bot.py": FORGETFUL}
    )


def test_a_backend_folder_is_a_root_of_its_own(check: Check) -> None:
    """
    `backend/` has no `__init__`, and the app inside is started from there.
    """
    check({"backend/main.py": route_to("services.bot"), "backend/services/bot.py": FORGETFUL})


def test_two_apps_with_the_same_module_names(check: Check) -> None:
    """
    `import service` means the neighbour: the silent app stays silent.
    """
    check(
        {
            "sales/main.py": route_to("service"),
            "sales/service.py": FORGETFUL,
            "support/main.py": route_to("service"),
            "support/service.py": """
                from langchain.chains import ConversationChain
                from langchain.memory import ConversationBufferMemory
                from langchain_openai import ChatOpenAI
                from shared_history import chat_history


                def answer(user_id: str, text: str) -> str:
                    memory = ConversationBufferMemory(chat_memory=chat_history(user_id))
                    return ConversationChain(llm=ChatOpenAI(), memory=memory).predict(input=text)
            """,
        },
        route=["sales/main.py", "sales/service.py"],
    )


def test_relative_imports_up_and_down(check: Check) -> None:
    """
    `from ..core import bot` climbs to the package above.
    """
    check(
        {
            "shop/__init__.py": "",
            "shop/api/__init__.py": "",
            "shop/api/chat.py": """
                from fastapi import APIRouter

                from ..core import bot

                router = APIRouter()


                @router.post("/chat/{user_id}")
                def chat(user_id: str, text: str) -> str:
                    return bot.answer(user_id, text)
            """,
            "shop/core/__init__.py": "",
            "shop/core/bot.py": FORGETFUL,
            "shop/main.py": """
                from fastapi import FastAPI

                from .api import chat

                app = FastAPI()
                app.include_router(chat.router)
            """,
        },
        route=["shop/api/chat.py", "shop/core/bot.py"],
    )


def test_aliases_of_modules_and_classes(check: Check) -> None:
    """
    `import langchain.memory as lm` and `from … import X as Y` are followed, in assignments too.
    """
    check(
        {
            "app.py": """
                import langchain.memory as lm
                from fastapi import FastAPI
                from langchain.chains import ConversationChain as Chain
                from langchain.memory import ConversationBufferWindowMemory as Window
                from langchain_openai import ChatOpenAI

                Memory = lm.ConversationBufferMemory
                app = FastAPI()


                @app.post("/one")
                def one(text: str) -> str:
                    memory = lm.ConversationSummaryMemory(llm=ChatOpenAI())  # expect: LCM101
                    return Chain(llm=ChatOpenAI(), memory=memory).run(text)


                @app.post("/two")
                def two(text: str) -> str:
                    return Chain(llm=ChatOpenAI(), memory=Window(k=3)).run(text)  # expect: LCM101


                @app.post("/three")
                def three(text: str) -> str:
                    return Chain(llm=ChatOpenAI(), memory=Memory()).run(text)  # expect: LCM101
            """
        }
    )


def test_imports_under_type_checking(check: Check) -> None:
    """
    A name that only the type checker imports is a name all the same; its module is not run for it.
    """
    check(
        {
            "main.py": """
                from __future__ import annotations

                from typing import TYPE_CHECKING

                from fastapi import FastAPI

                from bot import make_bot

                if TYPE_CHECKING:
                    from bot import Bot

                app = FastAPI()
                bot: Bot = make_bot()


                @app.post("/chat/{user_id}")
                def chat(user_id: str, text: str) -> str:
                    return bot.answer(user_id, text)
            """,
            "bot.py": """
                from langchain.chains import ConversationChain
                from langchain.memory import ConversationBufferMemory
                from langchain_openai import ChatOpenAI


                class Bot:
                    def answer(self, user_id: str, text: str) -> str:
                        memory = ConversationBufferMemory()  # expect: LCM101
                        return ConversationChain(llm=ChatOpenAI(), memory=memory).predict(input=text)


                def make_bot() -> Bot:
                    return Bot()
            """,
        }
    )


def test_an_import_with_a_fallback(check: Check) -> None:
    """
    `try: from langchain_classic … except ImportError: from langchain …` is one class, from whichever package.
    """
    check(
        {
            "app.py": """
                from flask import Flask, request
                from langchain_openai import ChatOpenAI

                try:
                    from langchain_classic.chains import ConversationChain
                    from langchain_classic.memory import ConversationBufferMemory
                except ImportError:
                    from langchain.chains import ConversationChain
                    from langchain.memory import ConversationBufferMemory

                app = Flask(__name__)


                @app.post("/chat")
                def chat():
                    memory = ConversationBufferMemory()  # expect: LCM101
                    text = request.json["text"]
                    return ConversationChain(llm=ChatOpenAI(), memory=memory).predict(input=text)
            """
        }
    )


def test_an_import_inside_the_handler(check: Check) -> None:
    """
    A late import names the same function.
    """
    check(
        {
            "app.py": """
                from fastapi import FastAPI

                app = FastAPI()


                @app.post("/chat/{user_id}")
                def chat(user_id: str, text: str) -> str:
                    from bot import answer

                    return answer(user_id, text)
            """,
            "bot.py": FORGETFUL,
        }
    )


def test_a_circle_of_imports(check: Check) -> None:
    """
    Two modules that import each other end no run and lose no finding.
    """
    check(
        {
            "main.py": route_to("bot"),
            "bot.py": dedented(FORGETFUL).replace(
                "from langchain.chains", "import main as web\nfrom langchain.chains", 1
            )
            + "\nAPP = web\n",
        }
    )


# --- how requests enter ----------------------------------------------------------------------------------


def test_a_bound_method_as_a_route(check: Check) -> None:
    """
    `add_api_route(path, service.answer)` registers the method of the object.
    """
    check(
        {
            "service.py": """
                from langchain.chains import ConversationChain
                from langchain.memory import ConversationBufferMemory
                from langchain_openai import ChatOpenAI


                class ChatService:
                    def __init__(self) -> None:
                        self.llm = ChatOpenAI()

                    def answer(self, user_id: str, text: str) -> str:
                        return self._chain().predict(input=text)

                    def _chain(self) -> ConversationChain:
                        memory = ConversationBufferMemory()  # expect: LCM101
                        return ConversationChain(llm=self.llm, memory=memory)
            """,
            "main.py": """
                from fastapi import FastAPI

                from service import ChatService

                app = FastAPI()
                service = ChatService()
                app.add_api_route("/chat/{user_id}", service.answer, methods=["POST"])
            """,
        }
    )


def test_routes_inside_create_app(check: Check) -> None:
    """
    A handler defined in the application factory is a handler.
    """
    check(
        {
            "app.py": """
                from flask import Flask, request

                from bot import answer


                def create_app() -> Flask:
                    app = Flask(__name__)

                    @app.post("/chat/<user_id>")
                    def chat(user_id):
                        return answer(user_id, request.json["text"])

                    return app
            """,
            "bot.py": FORGETFUL,
        },
        route=["app.py", "bot.py"],
    )


def test_a_flask_restx_resource(check: Check) -> None:
    """
    The HTTP methods of a `Resource` answer requests; its other methods only where they are called.
    """
    check(
        {
            "api.py": """
                from flask import Flask, request
                from flask_restx import Api, Resource

                from bot import answer

                app = Flask(__name__)
                api = Api(app)


                @api.route("/chat/<string:user_id>")
                class Chat(Resource):
                    def post(self, user_id):
                        return {"text": answer(user_id, request.json["text"])}
            """,
            "bot.py": FORGETFUL,
        }
    )


def test_a_django_class_view(check: Check) -> None:
    """
    `urls.py` names the view class; Django calls its `post`.
    """
    check(
        {
            "chat/__init__.py": "",
            "chat/urls.py": """
                from django.urls import path

                from .views import ChatView

                urlpatterns = [path("chat/<str:user_id>/", ChatView.as_view())]
            """,
            "chat/views.py": """
                from django.http import HttpResponse
                from django.views import View

                from .bot import answer


                class ChatView(View):
                    def post(self, request, user_id):
                        return HttpResponse(answer(user_id, request.POST["text"]))
            """,
            "chat/bot.py": FORGETFUL,
        }
    )


def test_work_handed_to_a_thread(check: Check) -> None:
    """
    `Thread(target=process, args=…)` in a handler runs `process` for the request.
    """
    check(
        {
            "slack_events.py": """
                from threading import Thread

                from flask import Flask, request

                from bot import answer

                app = Flask(__name__)


                def process(event: dict) -> None:
                    print(answer(event["user"], event["text"]))


                @app.post("/slack/events")
                def events():
                    Thread(target=process, args=(request.json["event"],)).start()
                    return ""
            """,
            "bot.py": FORGETFUL,
        },
        route=["slack_events.py", "bot.py"],
    )


def test_work_handed_to_an_executor(check: Check) -> None:
    """
    `run_in_executor`, `asyncio.to_thread` and background tasks run what they are given.
    """
    check(
        {
            "app.py": """
                import asyncio

                from fastapi import BackgroundTasks, FastAPI

                from bots import first, second, third

                app = FastAPI()


                @app.post("/first/{user_id}")
                async def post_first(user_id: str, text: str) -> str:
                    return await asyncio.to_thread(first, user_id, text)


                @app.post("/second/{user_id}")
                async def post_second(user_id: str, text: str) -> str:
                    return await asyncio.get_running_loop().run_in_executor(None, second, user_id, text)


                @app.post("/third/{user_id}")
                async def post_third(user_id: str, text: str, tasks: BackgroundTasks) -> str:
                    tasks.add_task(third, user_id, text)
                    return "accepted"
            """,
            "bots.py": """
                from langchain.chains import ConversationChain
                from langchain.memory import ConversationBufferMemory
                from langchain_openai import ChatOpenAI


                def first(user_id: str, text: str) -> str:
                    memory = ConversationBufferMemory()  # expect: LCM101
                    return ConversationChain(llm=ChatOpenAI(), memory=memory).predict(input=text)


                def second(user_id: str, text: str) -> str:
                    memory = ConversationBufferMemory()  # expect: LCM101
                    return ConversationChain(llm=ChatOpenAI(), memory=memory).predict(input=text)


                def third(user_id: str, text: str) -> str:
                    memory = ConversationBufferMemory()  # expect: LCM101
                    return ConversationChain(llm=ChatOpenAI(), memory=memory).predict(input=text)
            """,
        }
    )


def test_a_partial_as_a_handler(check: Check) -> None:
    """
    `functools.partial(answer, "web")` is `answer`, with an argument less.
    """
    check(
        {
            "app.py": """
                from functools import partial

                import gradio as gr

                from bot import answer

                respond = partial(answer, "web")
                gr.Interface(fn=respond, inputs="text", outputs="text").launch()
            """,
            "bot.py": FORGETFUL,
        }
    )


def test_a_lambda_as_a_gradio_callback(check: Check) -> None:
    """
    `fn=lambda …` answers the click, and so does everything that it calls.
    """
    check(
        {
            "app.py": """
                import gradio as gr

                from bot import answer

                with gr.Blocks() as demo:
                    box = gr.Textbox()
                    out = gr.Textbox()
                    button = gr.Button("Send")
                    button.click(fn=lambda text: answer("web", text), inputs=box, outputs=out)

                if __name__ == "__main__":
                    demo.launch()
            """,
            "bot.py": FORGETFUL,
        }
    )


def test_a_celery_task(check: Check) -> None:
    """
    A task answers a message, whatever process runs it.
    """
    check(
        {
            "tasks.py": """
                from celery import Celery

                from bot import answer

                celery = Celery("tasks", broker="redis://redis:6379/0")


                @celery.task
                def reply(user_id: str, text: str) -> str:
                    return answer(user_id, text)
            """,
            "bot.py": FORGETFUL,
        }
    )


def test_a_streamlit_page_with_an_emoji(check: Check) -> None:
    """
    `pages/*.py` is run again on each interaction, whatever its name.
    """
    check(
        {
            "Home.py": "import streamlit as st\n\nst.title('Home')\n",
            "pages/1_💬 Chat.py": """
                import streamlit as st
                from langchain.chains import ConversationChain
                from langchain.memory import ConversationBufferMemory
                from langchain_openai import ChatOpenAI

                memory = ConversationBufferMemory()  # expect: LCM101
                chain = ConversationChain(llm=ChatOpenAI(), memory=memory)
                if text := st.chat_input("Say something"):
                    st.write(chain.predict(input=text))
            """,
        }
    )


def test_a_websocket_loop(check: Check) -> None:
    """
    A memory made once per socket serves all turns of that socket: it does not start empty at each turn.
    """
    check(
        {
            "app.py": """
                from fastapi import FastAPI, WebSocket
                from langchain.chains import ConversationChain
                from langchain.memory import ConversationBufferMemory
                from langchain_openai import ChatOpenAI

                app = FastAPI()


                @app.websocket("/ws")
                async def talk(socket: WebSocket) -> None:
                    await socket.accept()
                    chain = ConversationChain(llm=ChatOpenAI(), memory=ConversationBufferMemory())
                    while True:
                        await socket.send_text(chain.predict(input=await socket.receive_text()))
            """
        }
    )


def test_an_entry_point_of_the_users_own(check: Check) -> None:
    """
    `entry-points` of the configuration names what a home-made framework calls.
    """
    check(
        {
            "pyproject.toml": """
                [tool.lcmemlint]
                entry-points = ["consumer:on_chat"]
            """,
            "consumer.py": """
                from bot import answer


                def on_chat(message: dict) -> str:
                    return answer(message["user"], message["text"])
            """,
            "bot.py": FORGETFUL,
        }
    )


# --- how long objects live -------------------------------------------------------------------------------

SERVICE = """
    from langchain_core.chat_history import InMemoryChatMessageHistory
    from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
    from langchain_core.runnables.history import RunnableWithMessageHistory
    from langchain_openai import ChatOpenAI


    class ChatService:
        def __init__(self) -> None:
            self.store: dict[str, InMemoryChatMessageHistory] = {}
            prompt = ChatPromptTemplate.from_messages([MessagesPlaceholder("history"), ("human", "{text}")])
            self.chain = RunnableWithMessageHistory(
                prompt | ChatOpenAI(),
                self.history_of,
                input_messages_key="text",
                history_messages_key="history",
            )

        def history_of(self, session_id: str) -> InMemoryChatMessageHistory:
            if session_id not in self.store:
                self.store[session_id] = InMemoryChatMessageHistory()  # expect: LCM102
            return self.store[session_id]

        def answer(self, session_id: str, text: str) -> str:
            config = {"configurable": {"session_id": session_id}}
            return self.chain.invoke({"text": text}, config=config).content
"""
"""A service that keeps histories in an attribute: what that means depends on who keeps the service."""


def test_a_service_made_at_import(check: Check) -> None:
    """
    The attribute of a module's singleton lives as long as the worker.
    """
    check(
        {
            "service.py": SERVICE + "\n\n    chat_service = ChatService()\n",
            "main.py": """
                from fastapi import FastAPI

                from service import chat_service

                app = FastAPI()


                @app.post("/chat/{session_id}")
                def chat(session_id: str, text: str) -> str:
                    return chat_service.answer(session_id, text)
            """,
        }
    )


def test_a_service_from_depends(check: Check) -> None:
    """
    `Depends(get_service)` hands out the one service that the function returns.
    """
    check(
        {
            "service.py": SERVICE,
            "deps.py": """
                from service import ChatService

                _service = ChatService()


                def get_service() -> ChatService:
                    return _service
            """,
            "main.py": """
                from fastapi import Depends, FastAPI

                from deps import get_service
                from service import ChatService

                app = FastAPI()


                @app.post("/chat/{session_id}")
                def chat(session_id: str, text: str, service: ChatService = Depends(get_service)) -> str:
                    return service.answer(session_id, text)
            """,
        }
    )


def test_a_service_from_a_cached_factory(check: Check) -> None:
    """
    `lru_cache` without arguments makes a singleton.
    """
    check(
        {
            "service.py": SERVICE,
            "main.py": """
                from functools import lru_cache
                from typing import Annotated

                from fastapi import Depends, FastAPI

                from service import ChatService

                app = FastAPI()


                @lru_cache
                def get_service() -> ChatService:
                    return ChatService()


                @app.post("/chat/{session_id}")
                def chat(session_id: str, text: str, it: Annotated[ChatService, Depends(get_service)]) -> str:
                    return it.answer(session_id, text)
            """,
        }
    )


def test_a_service_on_app_state(check: Check) -> None:
    """
    What lifespan puts on `app.state` lives as long as the worker.
    """
    check(
        {
            "service.py": SERVICE,
            "main.py": """
                from contextlib import asynccontextmanager

                from fastapi import FastAPI, Request

                from service import ChatService


                @asynccontextmanager
                async def lifespan(app: FastAPI):
                    app.state.service = ChatService()
                    yield


                app = FastAPI(lifespan=lifespan)


                @app.post("/chat/{session_id}")
                def chat(request: Request, session_id: str, text: str) -> str:
                    return request.app.state.service.answer(session_id, text)
            """,
        }
    )


def test_a_service_behind_a_global(check: Check) -> None:
    """
    Made at the first request and kept in a global: a singleton by hand.
    """
    check(
        {
            "service.py": SERVICE,
            "main.py": """
                from flask import Flask, request

                from service import ChatService

                app = Flask(__name__)
                _service = None


                def get_service() -> ChatService:
                    global _service
                    if _service is None:
                        _service = ChatService()
                    return _service


                @app.post("/chat/<session_id>")
                def chat(session_id):
                    return get_service().answer(session_id, request.json["text"])
            """,
        }
    )


def test_a_keyed_cache_on_the_class(check: Check) -> None:
    """
    A class attribute is shared by all instances, also by those that a request makes.
    """
    check(
        {
            "service.py": """
                from langchain.chains import ConversationChain
                from langchain.memory import ConversationBufferMemory
                from langchain_openai import ChatOpenAI


                class Session:
                    memories: dict[str, ConversationBufferMemory] = {}

                    def __init__(self, key: str) -> None:
                        self.key = key

                    def answer(self, text: str) -> str:
                        memory = self.memories.get(self.key)
                        if memory is None:
                            memory = self.memories[self.key] = ConversationBufferMemory()  # expect: LCM102
                        return ConversationChain(llm=ChatOpenAI(), memory=memory).predict(input=text)
            """,
            "main.py": """
                from fastapi import FastAPI

                from service import Session

                app = FastAPI()


                @app.post("/chat/{key}")
                def chat(key: str, text: str) -> str:
                    return Session(key).answer(text)
            """,
        }
    )


def test_one_memory_for_all_in_a_singleton(check: Check) -> None:
    """
    The same service with one memory instead of a dict is a leak, not a loss.
    """
    check(
        {
            "bot.py": """
                from langchain.chains import ConversationChain
                from langchain.memory import ConversationBufferMemory
                from langchain_openai import ChatOpenAI


                class Bot:
                    def __init__(self) -> None:
                        self.memory = ConversationBufferMemory()  # expect: LCM106
                        self.chain = ConversationChain(llm=ChatOpenAI(), memory=self.memory)

                    def answer(self, text: str) -> str:
                        return self.chain.predict(input=text)


                bot = Bot()
            """,
            "main.py": """
                from fastapi import FastAPI

                from bot import bot

                app = FastAPI()


                @app.post("/chat")
                def chat(text: str) -> str:
                    return bot.answer(text)
            """,
        },
        route=["main.py", "bot.py"],
    )


def test_the_same_bot_made_by_each_request(check: Check) -> None:
    """
    Made in the handler, the same class forgets instead of leaking.
    """
    check(
        {
            "bot.py": """
                from langchain.chains import ConversationChain
                from langchain.memory import ConversationBufferMemory
                from langchain_openai import ChatOpenAI


                class Bot:
                    def __init__(self) -> None:
                        self.memory = ConversationBufferMemory()  # expect: LCM101
                        self.chain = ConversationChain(llm=ChatOpenAI(), memory=self.memory)

                    def answer(self, text: str) -> str:
                        return self.chain.predict(input=text)
            """,
            "main.py": """
                from fastapi import FastAPI

                from bot import Bot

                app = FastAPI()


                @app.post("/chat")
                def chat(text: str) -> str:
                    return Bot().answer(text)
            """,
        }
    )


def test_a_subclass_of_the_projects_own(check: Check) -> None:
    """
    A memory class that the project derives is as local as its base.
    """
    check(
        {
            "memories.py": """
                from langchain.memory import ConversationBufferMemory


                class PoliteMemory(ConversationBufferMemory):
                    ai_prefix: str = "Butler"
            """,
            "main.py": """
                from fastapi import FastAPI
                from langchain.chains import ConversationChain
                from langchain_openai import ChatOpenAI

                from memories import PoliteMemory

                app = FastAPI()


                @app.post("/chat")
                def chat(text: str) -> str:
                    memory = PoliteMemory()  # expect: LCM101
                    return ConversationChain(llm=ChatOpenAI(), memory=memory).predict(input=text)
            """,
        }
    )


def test_a_graph_built_in_lifespan(check: Check) -> None:
    """
    The saver is made by a factory, which start-up code of another file calls.
    """
    check(
        {
            "main.py": """
                from contextlib import asynccontextmanager

                from fastapi import FastAPI, Request

                from agent import build_agent


                @asynccontextmanager
                async def lifespan(app: FastAPI):
                    app.state.agent = build_agent()
                    yield


                app = FastAPI(lifespan=lifespan)


                @app.post("/chat/{thread_id}")
                async def chat(request: Request, thread_id: str, text: str) -> str:
                    config = {"configurable": {"thread_id": thread_id}}
                    state = await request.app.state.agent.ainvoke({"messages": [("human", text)]}, config)
                    return state["messages"][-1].content
            """,
            "agent.py": """
                from langchain_openai import ChatOpenAI
                from langgraph.checkpoint.memory import MemorySaver
                from langgraph.prebuilt import create_react_agent

                TOOLS: list = []


                def build_agent():
                    memory = MemorySaver()  # expect: LCM103
                    return create_react_agent(ChatOpenAI(), TOOLS, checkpointer=memory)
            """,
        }
    )


def test_a_saver_that_another_module_passes_in(check: Check) -> None:
    """
    The saver is made here, the graph compiled there, and run in a third file.
    """
    check(
        {
            "savers.py": """
                from langgraph.checkpoint.memory import InMemorySaver

                checkpointer = InMemorySaver()  # expect: LCM103
            """,
            "graph.py": """
                from langchain_openai import ChatOpenAI
                from langgraph.prebuilt import create_react_agent

                import savers

                agent = create_react_agent(ChatOpenAI(), [], checkpointer=savers.checkpointer)
            """,
            "main.py": """
                from fastapi import FastAPI

                from graph import agent

                app = FastAPI()


                @app.post("/chat/{thread_id}")
                def chat(thread_id: str, text: str) -> str:
                    config = {"configurable": {"thread_id": thread_id}}
                    return agent.invoke({"messages": [("human", text)]}, config)["messages"][-1].content
            """,
        }
    )


# --- where session ids come from -------------------------------------------------------------------------

AGENT = """
    from langchain_openai import ChatOpenAI
    from langgraph.prebuilt import create_react_agent
    from shared_checkpointer import shared_checkpointer

    agent = create_react_agent(ChatOpenAI(), [], checkpointer=shared_checkpointer())


    def ask(thread_id: str, text: str) -> str:
        config = {"configurable": {"thread_id": thread_id}}
        return agent.invoke({"messages": [("human", text)]}, config)["messages"][-1].content
"""
"""A function that talks in the thread that it is told."""


def test_a_constant_handed_through_two_functions(check: Check) -> None:
    """
    The literal stands in the route, the config two calls away.
    """
    check(
        {
            "agent.py": AGENT,
            "service.py": """
                from agent import ask


                def reply(text: str, *, conversation: str) -> str:
                    return ask(conversation, text)
            """,
            "main.py": """
                from fastapi import FastAPI

                from service import reply

                app = FastAPI()


                @app.post("/chat")
                def chat(text: str) -> str:
                    return reply(text, conversation="web")  # expect: LCM203
            """,
        }
    )


def test_a_new_id_handed_through_two_functions(check: Check) -> None:
    """
    The uuid is made in the route, and the answer does not carry it.
    """
    check(
        {
            "agent.py": AGENT,
            "main.py": """
                from uuid import uuid4

                from fastapi import FastAPI

                from agent import ask

                app = FastAPI()


                @app.post("/chat")
                def chat(text: str) -> dict:
                    return {"answer": ask(str(uuid4()), text)}  # expect: LCM201
            """,
        }
    )


def test_a_new_id_that_a_helper_sends_back(check: Check) -> None:
    """
    The id travels in a response object that another function fills.
    """
    check(
        {
            "agent.py": AGENT,
            "schemas.py": """
                from pydantic import BaseModel


                class Reply(BaseModel):
                    text: str
                    conversation_id: str


                def reply_of(conversation_id: str, text: str) -> Reply:
                    return Reply(text=text, conversation_id=conversation_id)
            """,
            "main.py": """
                from uuid import uuid4

                from fastapi import FastAPI

                from agent import ask
                from schemas import Reply, reply_of

                app = FastAPI()


                @app.post("/chat")
                def chat(text: str) -> Reply:
                    conversation_id = str(uuid4())
                    return reply_of(conversation_id, ask(conversation_id, text))
            """,
        }
    )


# --- silence ---------------------------------------------------------------------------------------------


def test_dead_code(check: Check) -> None:
    """
    A function that nothing calls, and a module that nothing imports, answer no request.
    """
    check(
        {
            "main.py": """
                from fastapi import FastAPI
                from langchain_openai import ChatOpenAI

                app = FastAPI()


                @app.post("/ask")
                def ask(text: str) -> str:
                    return ChatOpenAI().invoke(text).content
            """,
            "old_bot.py": UNCALLED,
            "leftover.py": """
                from langchain.chains import ConversationChain
                from langchain.memory import ConversationBufferMemory
                from langchain_openai import ChatOpenAI

                chain = ConversationChain(llm=ChatOpenAI(), memory=ConversationBufferMemory())


                def ask(text: str) -> str:
                    return chain.predict(input=text)
            """,
        }
    )


def test_a_terminal_loop_beside_the_routes(check: Check) -> None:
    """
    What only `__main__` runs belongs to one person at one terminal.
    """
    check(
        {
            "main.py": """
                from fastapi import FastAPI
                from langchain.chains import ConversationChain
                from langchain.memory import ConversationBufferMemory
                from langchain_openai import ChatOpenAI

                app = FastAPI()


                @app.post("/ask")
                def ask(text: str) -> str:
                    return ChatOpenAI().invoke(text).content


                def terminal() -> None:
                    chain = ConversationChain(llm=ChatOpenAI(), memory=ConversationBufferMemory())
                    while text := input("> "):
                        print(chain.predict(input=text))


                if __name__ == "__main__":
                    terminal()
            """
        }
    )


def test_a_server_that_main_starts(check: Check) -> None:
    """
    `__main__` may also start the server: then its callbacks answer visitors.
    """
    check(
        {
            "app.py": """
                import gradio as gr
                from langchain.chains import ConversationChain
                from langchain.memory import ConversationBufferMemory
                from langchain_openai import ChatOpenAI


                def main() -> None:
                    memory = ConversationBufferMemory()  # expect: LCM106
                    chain = ConversationChain(llm=ChatOpenAI(), memory=memory)
                    gr.ChatInterface(fn=lambda message, history: chain.predict(input=message)).launch()


                if __name__ == "__main__":
                    main()
            """
        }
    )


def test_tests_and_their_fixtures(check: Check) -> None:
    """
    Tests may keep what they like, in `tests/`, in `conftest.py`, in `test_*.py`.
    """
    bot = dedented(
        """
        from langchain.chains import ConversationChain
        from langchain.memory import ConversationBufferMemory
        from langchain_openai import ChatOpenAI
        from shared_history import chat_history


        def answer(user_id: str, text: str, memory=None) -> str:
            memory = memory or ConversationBufferMemory(chat_memory=chat_history(user_id))
            return ConversationChain(llm=ChatOpenAI(), memory=memory).predict(input=text)
        """
    )
    check(
        {
            "main.py": route_to("bot"),
            "bot.py": bot,
            "tests/conftest.py": """
                import pytest
                from fastapi import FastAPI
                from langchain.memory import ConversationBufferMemory

                memory = ConversationBufferMemory()


                @pytest.fixture
                def app():
                    app = FastAPI()

                    @app.post("/echo")
                    def echo(text: str) -> str:
                        memory.chat_memory.add_user_message(text)
                        return memory.load_memory_variables({})["history"]

                    return app
            """,
            "test_bot.py": """
                from langchain.memory import ConversationBufferMemory

                from bot import answer


                def test_answer():
                    assert answer("a", "hello", memory=ConversationBufferMemory())
            """,
        }
    )


def test_scripts_and_notebook_like_files(check: Check) -> None:
    """
    A script's own loop, with an argument parser or without, keeps its memory as it likes.
    """
    check(
        {
            "main.py": route_to("plain"),
            "plain.py": """
                from langchain_openai import ChatOpenAI


                def answer(user_id: str, text: str) -> str:
                    return ChatOpenAI().invoke(text).content
            """,
            "scripts/interview.py": """
                import argparse

                from langchain.chains import ConversationChain
                from langchain.memory import ConversationBufferMemory
                from langchain_openai import ChatOpenAI


                def main() -> None:
                    parser = argparse.ArgumentParser()
                    parser.add_argument("questions", nargs="+")
                    memory = ConversationBufferMemory()
                    chain = ConversationChain(llm=ChatOpenAI(), memory=memory)
                    for question in parser.parse_args().questions:
                        print(chain.predict(input=question))


                main()
            """,
            "demo.py": """
                from langgraph.checkpoint.memory import MemorySaver
                from langgraph.prebuilt import create_react_agent

                agent = create_react_agent("openai:gpt-4o-mini", [], checkpointer=MemorySaver())
                config = {"configurable": {"thread_id": "1"}}
                print(agent.invoke({"messages": [("human", "I am Ada")]}, config))
                print(agent.invoke({"messages": [("human", "Who am I?")]}, config))
            """,
        }
    )


def test_code_in_comments_and_strings(check: Check) -> None:
    """
    What is commented out or quoted is not code.
    """
    check(
        {
            "main.py": '''
                """Usage:

                    memory = ConversationBufferMemory()
                    chain = ConversationChain(llm=llm, memory=memory)
                """

                from fastapi import FastAPI
                from langchain.memory import ConversationBufferMemory  # noqa: F401
                from langchain_openai import ChatOpenAI

                app = FastAPI()
                # memory = ConversationBufferMemory()
                OLD = """
                memory = ConversationBufferMemory()
                """


                @app.post("/ask")
                def ask(text: str) -> str:
                    return ChatOpenAI().invoke(text).content
            '''
        }
    )


def test_a_project_without_langchain(check: Check) -> None:
    """
    Other people's `store = {}` is none of our business.
    """
    check(
        {
            "main.py": """
                from uuid import uuid4

                from fastapi import FastAPI

                app = FastAPI()
                store: dict[str, list] = {}


                @app.post("/messages")
                def post(text: str) -> None:
                    session_id = str(uuid4())
                    store.setdefault(session_id, []).append({"role": "user", "content": text})
            """
        }
    )


def test_what_a_caller_cannot_know(check: Check) -> None:
    """
    A memory from a package that is not here is unknown, and unknown is silent.
    """
    check(
        {
            "main.py": """
                from company_ai.memory import memory_for
                from fastapi import FastAPI
                from langchain.chains import ConversationChain
                from langchain_openai import ChatOpenAI

                app = FastAPI()


                @app.post("/chat/{user_id}")
                def chat(user_id: str, text: str) -> str:
                    return ConversationChain(llm=ChatOpenAI(), memory=memory_for(user_id)).predict(input=text)
            """
        }
    )
