"""Git repositories, made in a temporary folder."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

LEAKY = """\
from fastapi import FastAPI
from langchain.chains import ConversationChain
from langchain.memory import ConversationBufferMemory
from langchain_openai import ChatOpenAI

app = FastAPI()
chain = ConversationChain(llm=ChatOpenAI(), memory=ConversationBufferMemory())


@app.post("/chat")
def chat(q: str) -> str:
    return chain.invoke({"input": q})["response"]
"""
"""LCM106: one memory for all users."""

SCALED = 'FROM python:3.12\nCOPY app.py .\nCMD ["uvicorn", "app:app", "--workers", "4"]\n'
"""A Dockerfile that runs it four times."""


class Forge:
    """A folder in which repositories are made."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment = {
            **os.environ,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            **{f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        }

    def git(self, folder: Path, *arguments: str, stdin: bytes | None = None) -> str:
        """What git prints in a folder."""
        told = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env=self.environment,
            input=stdin,
            capture_output=True,
            check=True,
        )
        return told.stdout.decode().strip()

    def make(self, name: str, **files: str) -> Path:
        """A checkout with one commit of these files; `_` in a keyword is the dot of the name."""
        folder = self.root / name
        folder.mkdir(parents=True)
        self.git(folder, "init", "-q", "-b", "main")
        for file, text in files.items():
            (folder / file.replace("_", ".")).write_text(text)
        return self.commit(folder)

    def commit(self, folder: Path) -> Path:
        """The checkout, with all that is in it committed."""
        self.git(folder, "add", "-A")
        self.git(folder, "commit", "-q", "--allow-empty", "-m", "work")
        return folder

    def bare(self, folder: Path, name: str) -> Path:
        """A bare clone."""
        self.git(self.root, "clone", "-q", "--bare", "--no-local", str(folder), name)
        return self.root / name

    def hanging(self, name: str) -> Path:
        """A repository that names its commit, and never ends to give out a file: a pipe stands in its place."""
        folder = self.make(name, app_py=LEAKY)
        blob = self.git(folder, "rev-parse", "HEAD:app.py")
        object = folder / ".git" / "objects" / blob[:2] / blob[2:]
        object.unlink()
        os.mkfifo(object)
        return folder
