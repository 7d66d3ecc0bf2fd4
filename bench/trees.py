"""The trees that are measured: pinned packages, and applications that are generated."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

DENSE: Final = ("langchain==0.3.25", "langchain-community==0.3.24")
DENSE_FOLDERS: Final = (
    "langchain_community/chat_message_histories",
    "langchain/memory",
    "langchain/chains",
    "langchain/agents",
)
LARGE: Final = (
    "django==5.1.4",
    "sympy==1.13.3",
    "pandas==2.2.3",
    "scipy==1.14.1",
    "scikit-learn==1.5.2",
    "sqlalchemy==2.0.36",
    "matplotlib==3.9.3",
    "networkx==3.4.2",
    "transformers==4.47.0",
)

ROUTES: Final = '''\
"""Routes of feature {n}."""

from fastapi import APIRouter

from {package}.service_{n} import answer

router = APIRouter()


@router.post("/feature{n}/{{session_id}}")
async def ask(session_id: str, text: str) -> dict:
    return {{"answer": await answer(session_id, text)}}
'''

SERVICE: Final = '''\
"""What feature {n} says."""

from langchain_core.chat_history import InMemoryChatMessageHistory
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables.history import RunnableWithMessageHistory
from langchain_openai import ChatOpenAI

store = {{}}


def history_of(session_id: str):
    if session_id not in store:
        store[session_id] = InMemoryChatMessageHistory()
    return store[session_id]


prompt = ChatPromptTemplate.from_messages([MessagesPlaceholder("history"), ("human", "{{text}}")])
chain = RunnableWithMessageHistory(prompt | ChatOpenAI(), history_of, input_messages_key="text")


async def answer(session_id: str, text: str) -> str:
    config = {{"configurable": {{"session_id": session_id}}}}
    return (await chain.ainvoke({{"text": text}}, config)).content
'''


def write_app(root: Path, package: str) -> None:
    """An application of 20 files: nine features of two files each, a main module and a package marker."""
    folder = root / package
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    names = range(9)
    imports = "".join(f"from {package}.routes_{n} import router as router_{n}\n" for n in names)
    included = "".join(f"app.include_router(router_{n})\n" for n in names)
    (folder / "main.py").write_text(f"from fastapi import FastAPI\n\n{imports}\napp = FastAPI()\n{included}")
    for n in names:
        (folder / f"routes_{n}.py").write_text(ROUTES.format(n=n, package=package))
        (folder / f"service_{n}.py").write_text(SERVICE.format(n=n))


def apps(folder: Path, files: int) -> Path:
    """So many generated files: applications of 20 beside each other in one repository."""
    root = folder / f"apps-{files}"
    if not root.exists():
        for number in range(files // 20):
            write_app(root, f"shop{number}")
    return root


def app(folder: Path) -> Path:
    """One application of 20 files, written anew."""
    root = folder / "app"
    shutil.rmtree(root, ignore_errors=True)
    write_app(root, "shop")
    return root


def dense(folder: Path) -> Path:
    """The parts of LangChain that speak of memory: nearly every file matters."""
    root = folder / "dense"
    if not root.exists():
        packages = _installed(folder / "dense-packages", DENSE)
        for part in DENSE_FOLDERS:
            shutil.copytree(packages / part, root / part)
    return root


def large(folder: Path) -> Path:
    """Thousands of files that have nothing to do with memory, and one application beside them."""
    root = folder / "large"
    if not root.exists():
        _installed(root / "vendored", LARGE)
        write_app(root, "shop")
    return root


def _installed(target: Path, packages: tuple[str, ...]) -> Path:
    """A folder with these packages, without what they depend on."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-compile", "--only-binary", ":all:", "--target", str(target)]
    subprocess.run([*pip, *options, *packages], check=True)
    return target
