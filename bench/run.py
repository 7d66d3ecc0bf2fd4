"""Paired timings: lcmemlint and the peers that are installed, alternately on the same trees. `make bench` runs it.

Trees are made in a temporary folder: `app` is one application of 20 files; `apps` is 200 such applications in one
repository; `packages` is every installed package of this environment with the application beside it (almost no
file in it mentions LangChain). Figures are wall seconds of whole processes; ratios against lcmemlint are what counts.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent

ROUTES = '''\
"""Routes of feature {n}."""

from fastapi import APIRouter

from {package}.service_{n} import answer

router = APIRouter()


@router.post("/feature{n}/{{session_id}}")
async def ask(session_id: str, text: str) -> dict:
    return {{"answer": await answer(session_id, text)}}
'''

SERVICE = '''\
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


def trees(folder: Path, wanted: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """The trees to measure, made when asked for."""
    if "app" in wanted:
        write_app(folder / "app", "shop")
        yield "app (20 files)", folder / "app"
    if "apps" in wanted:
        for number in range(200):
            write_app(folder / "apps", f"shop{number}")
        yield "apps (4,000 files)", folder / "apps"
    if "packages" in wanted:
        root = folder / "packages"
        write_app(root, "shop")
        shutil.copytree(
            sysconfig.get_paths()["purelib"], root / "vendored", ignore=shutil.ignore_patterns("__pycache__")
        )
        count = sum(1 for _ in root.rglob("*.py"))
        yield f"packages ({count:,} files)", root


def commands(tree: Path) -> dict[str, list[str]]:
    """The tools that are here, each as a cold run without a cache."""
    found = {"lcmemlint": [sys.executable, "-m", "lcmemlint", "--no-config", "--root", str(tree), str(tree)]}
    bin_folder = Path(sys.executable).parent
    for name, arguments in {
        "ruff": ["check", "--select", "F", "--no-cache", "--isolated", "--exit-zero", "-q", str(tree)],
        "langdoctor": ["scan", str(tree)],
    }.items():
        tool = shutil.which(name, path=f"{bin_folder}{os.pathsep}{os.environ.get('PATH', '')}")
        if tool:
            found[name] = [tool, *arguments]
    return found


def seconds(command: Sequence[str]) -> float:
    """The wall time of one run; its findings are not our concern, its crash would be."""
    start = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    taken = time.perf_counter() - start
    if done.returncode not in (0, 1):
        raise SystemExit(
            f"{command[0]} exited with {done.returncode}: {done.stderr.decode(errors='replace')[-300:]}"
        )
    return taken


def main() -> None:
    """Print one table row for each tree and tool."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--trees", default="app,apps,packages")
    chosen = parser.parse_args()
    print("| tree | tool | median s | × lcmemlint |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, tree in trees(Path(folder), chosen.trees.split(",")):
            tools = commands(tree)
            times: dict[str, list[float]] = {tool: [] for tool in tools}
            for _ in range(chosen.runs):
                for tool, command in tools.items():
                    times[tool].append(seconds(command))
            ours = statistics.median(times["lcmemlint"])
            for tool, taken in times.items():
                middle = statistics.median(taken)
                print(f"| {name} | {tool} | {middle:.2f} | {middle / ours:.2f} |", flush=True)


if __name__ == "__main__":
    main()
