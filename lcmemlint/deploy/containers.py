"""What compose, Kubernetes and the rest share: a container's settings → words, variables, a program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from lcmemlint.deploy.dockerfile import Image, environment, started
from lcmemlint.deploy.layout import Layout, Mount
from lcmemlint.deploy.nodes import Node
from lcmemlint.deploy.running import Context, Running
from lcmemlint.deploy.shell import Lookup, Word, commands, expanded
from lcmemlint.deploy.start import of_script
from lcmemlint.deploy.tree import Tree
from lcmemlint.deploy.workload import Setting

MAX_BLOCK = 80
MAX_COMMAND = 20_000


class Container(Struct, frozen=True):
    """A container as a manifest asks for it: ``entrypoint`` and ``command`` as Docker means them."""

    image: Image | None
    env: tuple[Setting, ...] = ()
    entrypoint: tuple[Word, ...] | None = None
    command: tuple[Word, ...] | None = None
    cwd: str = ""
    mounts: tuple[Mount, ...] = ()

    @property
    def all_env(self) -> tuple[Setting, ...]:
        """The image's variables with the manifest's on top."""
        return tuple(environment((*(self.image.env if self.image else ()), *self.env)).values())

    def layout(self, fallback: str) -> Layout:
        """Where its paths lead; ``fallback`` is the project folder if there is no image to tell."""
        layout = self.image.layout if self.image else Layout(fallback, "/")
        layout = layout.mounted(*self.mounts) if self.mounts else layout
        return layout.moved(self.cwd) if self.cwd else layout

    def run(self, tree: Tree, fallback: str) -> Running | None:
        """What it runs."""
        context = Context(tree, self.layout(fallback), environment(self.all_env))
        return started(self.image, context, entrypoint=self.entrypoint, command=self.command)


def run_text(tree: Tree, text: str, path: str, line: int, context: Context) -> Running | None:
    """What a command of a platform's file runs; such commands go through a shell."""
    return of_script(text, path, line, context)


def words_of(tree: Tree, path: str, node: Node, lookup: Lookup | None = None) -> tuple[Word, ...] | None:
    """A command written as a list or as text; None if it is not there."""
    if node.kind == "list":
        texts = ((item.text, item) for item in node.items if item.kind == "text")
        found: list[Word] = []
        for text, item in texts:
            value = expanded(text, lookup).replace("$$", "$") if lookup else text
            found.append(Word(value, path, item.line + (item.style in ("|", ">")), True))
        return tuple(found)
    if node.kind != "text" or not node:
        return None
    plain = node.text[:MAX_COMMAND]
    text = expanded(plain, lookup) if lookup else plain
    text = text.replace("$$", "$").replace("\n", " ")
    words = tuple(word for command in commands(text, path, node.line) for word in command.words)
    return located(tree, path, node, words)


def located(tree: Tree, path: str, node: Node, words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Words of a scalar that goes over several lines, each with the line where it is first found."""
    lines = tree.lines(path)
    current = node.line - 1
    found: list[Word] = []
    for word in words:
        ahead = range(current, min(current + MAX_BLOCK, len(lines)))
        current = next((number for number in ahead if word.text in lines[number]), current)
        found.append(replace(word, line=current + 1))
    return tuple(found)


def settings_of(path: str, node: Node, lookup: Lookup | None = None) -> Iterator[Setting]:
    """Variables written as a mapping, as ``A=1`` texts, or as ``{name, value}`` items."""
    for name, value in node.pairs():
        yield _setting(
            path, name.text, value if value.kind == "text" else None, value.line or name.line, lookup
        )
    for item in node.items:
        if item.kind == "text":
            name_text, equals, _ = item.text.partition("=")
            inner = replace(item, text=item.text.partition("=")[2], style='"') if equals else None
            yield _setting(path, name_text.strip(), inner, item.line, lookup)
        elif item.kind == "map":
            name_node = item.get("name") or item.get("key") or item.get("Name")
            value = item.get("value") or item.get("Value")
            plain = value if value.kind == "text" and not value.tag else None
            if name_node.text:
                yield _setting(path, name_node.text, plain, value.line or item.line, lookup)


def _setting(path: str, name: str, value: Node | None, line: int, lookup: Lookup | None) -> Setting:
    """One variable; a value with an unknown part is not known."""
    if value is None:
        return Setting(name, None, path, line)
    text = expanded(value.text, lookup) if lookup else value.text
    return Setting(name, None if "\0" in text or "{{" in text else text, path, line)


def dotenv(tree: Tree, path: str) -> dict[str, Setting]:
    """The variables of a ``.env`` file."""
    found: dict[str, Setting] = {}
    if path in tree.files:
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            name, equals, value = line.strip().removeprefix("export ").partition("=")
            if equals and not name.startswith("#"):
                clean = value.split(" #", 1)[0].strip().strip("\"'")
                found[name.strip()] = Setting(name.strip(), clean, path, number)
    return found


def merged(settings: Iterable[Setting]) -> tuple[Setting, ...]:
    """Each variable once, the last one wins."""
    return tuple(environment(tuple(settings)).values())
