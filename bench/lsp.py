"""Latency of the language server: a real client types into an application of 200 files.

For each edit, the time until the edited document's diagnostics are published again (moved with their code), and until
the linked answer is there (a finding in another file comes or goes). Prints medians and the slowest of the runs.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from lsprotocol import types
from pygls.lsp.client import LanguageClient

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from trees import ROUTES, SERVICE  # noqa: E402

MODEL = '''\
"""Records of feature {n}."""

from dataclasses import dataclass, field


@dataclass
class Record{n}:
    """One record."""

    name: str
    tags: list[str] = field(default_factory=list)

    def shown(self) -> str:
        return ", ".join([self.name, *sorted(self.tags)])


def load(rows: list[dict]) -> list[Record{n}]:
    return [Record{n}(row["name"], list(row.get("tags", ()))) for row in rows]
'''


def write_app(folder: Path, features: int, models: int) -> None:
    """An application: features of a route and a chain each, and modules beside them that know no LangChain."""
    package = folder / "app"
    package.mkdir()
    (package / "__init__.py").write_text("")
    names = range(features)
    imports = "".join(f"from app.routes_{n} import router as router_{n}\n" for n in names)
    included = "".join(f"app.include_router(router_{n})\n" for n in names)
    (package / "main.py").write_text(f"from fastapi import FastAPI\n\n{imports}\napp = FastAPI()\n{included}")
    for n in names:
        used = "".join(f"from app.model_{m} import load as load_{m}\n" for m in range(n, models, features))
        (package / f"routes_{n}.py").write_text(ROUTES.format(n=n, package="app") + used)
        (package / f"service_{n}.py").write_text(SERVICE.format(n=n))
    for n in range(models):
        (package / f"model_{n}.py").write_text(MODEL.format(n=n))


class Client(LanguageClient):
    """Notes when which diagnostics came."""

    def __init__(self) -> None:
        super().__init__("bench", "1")
        self.shown: dict[str, list[types.Diagnostic]] = {}
        self.news = asyncio.Event()

        @self.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params: types.PublishDiagnosticsParams) -> None:
            self.shown[params.uri] = list(params.diagnostics)
            self.news.set()

    async def until(self, wanted: Callable[[], bool]) -> float:
        """Seconds until something holds."""
        start = time.perf_counter()
        while not wanted():
            self.news.clear()
            await asyncio.wait_for(self.news.wait(), 60)
        return time.perf_counter() - start


async def measure(root: Path, edited: str, other: str, change: tuple[str, str], runs: int) -> None:
    """Type into `edited` by turns: a line above everything, and a change that takes a finding of `other` away."""
    client = Client()
    await client.start_io(
        sys.executable, "-m", "lcmemlint", "--lsp", cwd=root,
        env={**os.environ, "PYTHONPATH": str(HERE.parent)},
    )  # fmt: skip
    folder = types.WorkspaceFolder(root.as_uri(), "bench")
    capabilities = types.ClientCapabilities()
    await client.initialize_async(
        types.InitializeParams(capabilities=capabilities, workspace_folders=[folder])
    )
    client.initialized(types.InitializedParams())
    uri, other_uri = (root / edited).as_uri(), (root / other).as_uri()
    first = await client.until(lambda: bool(client.shown.get(other_uri)))
    text = (root / edited).read_text()
    document = types.TextDocumentItem(uri, "python", 0, text)
    client.text_document_did_open(types.DidOpenTextDocumentParams(document))
    await asyncio.sleep(2)
    version = 0

    def send(new: str) -> None:
        nonlocal version
        version += 1
        name = types.VersionedTextDocumentIdentifier(version, uri)
        change = types.TextDocumentContentChangeWholeDocument(new)
        client.text_document_did_change(types.DidChangeTextDocumentParams(name, [change]))

    moves, links = [], []
    for _ in range(runs):
        if client.shown.get(uri):
            line = client.shown[uri][0].range.start.line
            send(f"\n{text}")
            moves.append(await client.until(lambda: client.shown[uri][0].range.start.line == line + 1))  # noqa: B023
            await asyncio.sleep(1.5)
            send(text)
            await asyncio.sleep(1.5)
        had = len(client.shown[other_uri])
        send(text.replace(*change))
        links.append(await client.until(lambda: len(client.shown[other_uri]) < had))  # noqa: B023
        await asyncio.sleep(0.5)
        send(text)
        links.append(await client.until(lambda: len(client.shown[other_uri]) == had))  # noqa: B023
        await asyncio.sleep(0.5)
    await client.shutdown_async(None)
    client.exit(None)
    await client._server.wait()
    await client.stop()
    for what, times in (("moved in the edited file", moves), ("linked", links)):
        if times:
            told = f"median {statistics.median(times) * 1000:5.0f} ms   slowest {max(times) * 1000:5.0f} ms"
            print(f"  {what:26} {told}   ({len(times)} edits)")
    print(f"  {'first look':26} {first * 1000:12.0f} ms")


def main() -> None:
    """Two applications of 200 files: one where few files use LangChain, one where half do."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=5)
    runs = options.parse_args().runs
    for features, models in ((9, 180), (99, 0)):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "pyproject.toml").write_text("")
            write_app(root, features, models)
            count = len(list(root.rglob("*.py")))
            print(f"{count} files, {features} features with a chain each:")
            print(" an edit of the route:")
            asyncio.run(measure(root, "app/routes_3.py", "app/service_3.py", ("@router", "# @router"), runs))
            print(" an edit of the memory:")
            asyncio.run(measure(root, "app/service_3.py", "app/service_3.py", ("InMemory", "Shared"), runs))


if __name__ == "__main__":
    main()
