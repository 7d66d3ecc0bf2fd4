"""Whether a new id gets out of the request, one way out at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lcmemlint.link.escape import Escapes
from lcmemlint.values import CallOf, Name

if TYPE_CHECKING:
    from tests.link.conftest import Link, Linked

HEAD = (
    "import elsewhere, logging, loguru, rich, structlog, sys\nfrom uuid import uuid4\n"
    "from elsewhere import chain, database\n"
)
RUN = "chain.invoke(text, {'configurable': {'session_id': %s}})"
BOT = f"{HEAD}class Bot:\n    def __init__(self):\n        self.session = uuid4()\n    def ask(self, text):\n"


def leaves(found: Linked, path: str = "app.py") -> bool:
    """Whether what ``uuid4()`` makes in a file leaves."""
    calls = found.evaluator.files[path].calls
    (number,) = (number for number, call in enumerate(calls) if call.function == Name("uuid4"))
    return Escapes(found.evaluator).leaves(path, calls[number].scope, CallOf(number))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"return {RUN % 'id'}", False),
        (f"again = str(id)\n    return {RUN % 'again'}", False),
        ("print(id)", False),
        ("logging.getLogger().handle(id)", False),
        ("loguru.logger.success(id)", False),
        ("structlog.get_logger().msg(id)", False),
        ("text.log.info(id)", False),
        ("rich.print(id)", False),
        ("sys.stderr.write(id)", False),
        ("elsewhere.send(id)", True),
        ("return id", True),
        ("return str(id)", True),
        ("return {'session_id': id}", True),
        ("yield id", True),
        ("raise ValueError(id)", True),
        ("database.insert(id)", True),
        ("text.id = id", True),
        ("config = {'configurable': {'session_id': id}}\n    return config", False),
        ("def inner():\n        return id\n    return inner()", True),
        ("answer(id)", True),
        ("silent(id)", False),
        ("silent(key=id)", False),
        ("silent(text, id)", True),
    ],
)
def test_ways_out_of_a_function(body: str, expected: bool, linked: Link) -> None:
    """
    An answer, an error, another object; not a configuration, a log, or a function that does nothing with it.
    """
    others = "def answer(key):\n    return key\ndef silent(key):\n    print(key)\n"

    found = linked({"app.py": f"{HEAD}{others}def chat(text):\n    id = uuid4()\n    {body}\n"})

    assert leaves(found) is expected


@pytest.mark.parametrize(
    ("method", "other", "expected"),
    [
        (RUN % "self.session", "", False),
        (f"session = self.session\n        return {RUN % 'session'}", "", False),
        ("return self.session", "", True),
        (RUN % "self.session", "from app import Bot\ndef who():\n    return Bot().session\n", True),
        (RUN % "self.session", "from app import Bot\ndef who():\n    return Bot().sessions\n", False),
    ],
)
def test_ways_out_of_an_object(method: str, other: str, expected: bool, linked: Link) -> None:
    """
    What a method keeps is inside as long as only methods read it, and these keep it, too.
    """
    found = linked({"app.py": f"{BOT}        {method}\n", "other.py": other})

    assert leaves(found) is expected


def test_another_class_of_the_file_may_read_it(linked: Link) -> None:
    """
    An attribute of the same name may be the same one.
    """
    other = "class Session:\n    def id(self):\n        return self.session\n"

    assert leaves(linked({"app.py": f"{BOT}        {RUN % 'self.session'}\n{other}"}))
