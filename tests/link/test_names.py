"""What a name means: aliases, imports of every kind, scopes, and which of several bindings may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.link.conftest import Link

BOT = "def answer(text): return text\n\n\nclass Bot:\n    pass\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from bot import answer\nreveal(answer)", "function bot.py:answer"),
        ("from bot import answer as reply\nreveal(reply)", "function bot.py:answer"),
        ("import bot\nreveal(bot.answer)", "function bot.py:answer"),
        ("import bot as b\nreveal(b.Bot)", "class bot.py:Bot"),
        ("from bot import *\nreveal(Bot)", "class bot.py:Bot"),
        ("import bot\nreveal(bot)", "module bot.py"),
        ("import bot\nreply = bot.answer\nreveal(reply)", "function bot.py:answer"),
        ("from langchain.memory import ConversationBufferMemory as M\nreveal(M)",
         "langchain.memory.ConversationBufferMemory"),
        ("import langchain.memory as lm\nreveal(lm.ConversationBufferMemory)",
         "langchain.memory.ConversationBufferMemory"),
        ("import langchain.memory\nreveal(langchain.memory.ConversationBufferMemory)",
         "langchain.memory.ConversationBufferMemory"),
        ("from langchain import memory\nreveal(memory.ConversationBufferMemory)",
         "langchain.memory.ConversationBufferMemory"),
        ("reveal(dict)", "builtins.dict"),
        ("def dict(): pass\nreveal(dict)", "function app.py:dict"),
        ("reveal(nobody)", "?"),
        ("from bot import nobody\nreveal(nobody)", "?"),
        ("from . import bot\nreveal(bot.Bot)", "class bot.py:Bot"),
        ("from .bot import Bot\nreveal(Bot)", "class bot.py:Bot"),
        ("def f():\n    from bot import Bot\n    reveal(Bot)", "class bot.py:Bot"),
    ],
)  # fmt: skip
def test_a_name_leads_to_what_it_stands_for(text: str, found: str, linked: Link) -> None:
    """
    Aliases, stars, dots and late imports change nothing about what is meant.
    """
    assert linked({"app.py": text, "bot.py": BOT}).revealed() == {found}


def test_a_name_passed_on_by_packages(linked: Link) -> None:
    """
    `__init__` files may pass a name on, renaming it on the way.
    """
    project = linked(
        {
            "main.py": "from bot import reply\nreveal(reply)",
            "bot/__init__.py": "from .core import speak as reply",
            "bot/core/__init__.py": "from ..core.talking import answer as speak",
            "bot/core/talking.py": BOT,
        }
    )

    assert project.revealed() == {"function bot/core/talking.py:answer"}


def test_a_submodule_that_nobody_imported_by_name(linked: Link) -> None:
    """
    `from bot import core` is the file beside the package's `__init__`.
    """
    project = linked(
        {"main.py": "from bot import core\nreveal(core)", "bot/__init__.py": "", "bot/core.py": ""}
    )

    assert project.revealed() == {"module bot/core.py"}


def test_a_name_of_the_package_hides_its_submodule(linked: Link) -> None:
    """
    What `__init__` binds is what `from bot import core` gives.
    """
    project = linked(
        {
            "main.py": "from bot import core\nreveal(core)",
            "bot/__init__.py": "def core(): pass",
            "bot/core.py": "",
        }
    )

    assert project.revealed() == {"function bot/__init__.py:core"}


def test_stars_through_stars(linked: Link) -> None:
    """
    A star import brings what the module itself got by one.
    """
    project = linked({"main.py": "from a import *\nreveal(Bot)", "a.py": "from bot import *", "bot.py": BOT})

    assert project.revealed() == {"class bot.py:Bot"}


def test_stars_of_packages(linked: Link) -> None:
    """
    What the catalogue knows of a package comes with its star; of anything else, nobody knows.
    """
    project = linked(
        {
            "a.py": "from langchain.memory import *\nfrom elsewhere import *\n",
            "main.py": "from a import ConversationBufferMemory, answer\nreveal(ConversationBufferMemory)\n"
            "reveal(answer, 'answer')",
        }
    )

    assert project.revealed() == {"langchain.memory.ConversationBufferMemory"}
    assert project.revealed("answer") == {"?"}


def test_a_circle_of_stars(linked: Link) -> None:
    """
    Modules that star-import each other share their names, and what none of them has ends nowhere.
    """
    project = linked(
        {
            "a.py": "from b import *\nreveal(Bot)\nreveal(nobody, 'nobody')",
            "b.py": "from a import *\nfrom c import *",
            "c.py": "from b import *\nclass Bot: pass",
        }
    )

    assert project.revealed() == {"class c.py:Bot"}
    assert project.revealed("nobody") == {"?"}


def test_a_circle_of_imports_of_one_name(linked: Link) -> None:
    """
    A name that three modules import from each other, and nobody defines, is not known.
    """
    project = linked(
        {"a.py": "from b import x\nreveal(x)", "b.py": "from c import x", "c.py": "from a import x"}
    )

    assert project.revealed() <= {"?"}


def test_both_branches_of_a_fallback(linked: Link) -> None:
    """
    `try: import A except ImportError: import B` may be either.
    """
    text = """
        try:
            from langchain_classic.memory import ConversationBufferMemory
        except ImportError:
            from langchain.memory import ConversationBufferMemory
        reveal(ConversationBufferMemory)
    """

    assert linked({"app.py": text}).revealed() == {
        "langchain_classic.memory.ConversationBufferMemory",
        "langchain.memory.ConversationBufferMemory",
    }


def test_an_import_under_type_checking(linked: Link) -> None:
    """
    A name for the type checker is a name.
    """
    text = """
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from bot import Bot
        def f(bot: "Bot"):
            reveal(bot)
    """

    assert linked({"app.py": text, "bot.py": BOT}).revealed() == {"instance of class bot.py:Bot"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x = 1\nx = 2\nreveal(x)", {"2"}),
        ("x = 1\nreveal(x)\nx = 2", {"1"}),
        ("x = 1\nif y:\n    x = 2\nreveal(x)", {"1", "2"}),
        ("if y:\n    x = 1\nelse:\n    x = 2\nreveal(x)", {"1", "2"}),
        ("x = 0\nif y:\n    x = 1\nelse:\n    reveal(x)", {"0"}),
        ("x = 0\nif y:\n    x = 1\n    reveal(x)\nelse:\n    x = 2", {"1"}),
        ("x = 0\nif y:\n    x = 1\nelif z:\n    reveal(x)", {"0"}),
        ("x = 0\nif y:\n    x = 1\nif y:\n    pass\nelse:\n    reveal(x)", {"0"}),
        ("x = None\nif x is None:\n    x = 1\nif x is None:\n    raise E\nelse:\n    reveal(x)", {"None", "1"}),
        ("x = 1\nwhile y:\n    reveal(x)\n    x = 2", {"1"}),
        ("try:\n    x = 1\nexcept E:\n    x = 2\nreveal(x)", {"1", "2"}),
        ("with y as x:\n    pass\nx = 3\nreveal(x)", {"3"}),
        ("def f():\n    reveal(x)\nx = 1\nx = 2", {"1", "2"}),
        ("x = 1\ndef f():\n    x = 2\n    reveal(x)", {"2"}),
        ("x = 1\ndef f():\n    global x\n    x = 2\nreveal(x)", {"1", "2"}),
        ("def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 2\n    reveal(x)", {"1", "2"}),
        ("x = 1\nclass C:\n    x = 2\n    def f(self):\n        reveal(x)", {"1"}),
        ("x = 1\nclass C:\n    x = 2\n    reveal(x)", {"2"}),
        ("(x, (y, z)) = (1, (2, 3))\nreveal(z)", {"3"}),
        ("[x, y] = 1, 2\nreveal(y)", {"2"}),
        ("x = y = 4\nreveal(x)", {"4"}),
        ("if (x := 5):\n    reveal(x)", {"5"}),
        ("for x in (1, 2):\n    reveal(x)", {"1", "2"}),
        ("x: int = 6\nreveal(x)", {"6"}),
        ("x: int\nreveal(x)", set()),
        ("f = lambda x: reveal(x)", {"parameter x"}),
        ("x = 1\nf = lambda: reveal(x)", {"1"}),
    ],
)  # fmt: skip
def test_which_bindings_may_hold(text: str, found: set[str], linked: Link) -> None:
    """
    The last binding before the use counts, with those that a branch may have made; other scopes see all of them.
    """
    assert linked({"app.py": text}).revealed() - {"?"} == found


def test_an_attribute_of_a_module_set_from_outside(linked: Link) -> None:
    """
    `config.chain = …` in one file is what `config.chain` gives in another.
    """
    project = linked(
        {
            "config.py": "chain = None",
            "main.py": "import config\nfrom bot import Bot\nconfig.chain = Bot()",
            "use.py": "import config\nreveal(config.chain)",
            "bot.py": BOT,
        }
    )

    assert project.revealed() == {"None", "instance of class bot.py:Bot"}


@pytest.mark.parametrize("folder", ["shop", "a.b.c.d"])
def test_a_module_in_a_folder_that_is_no_package(folder: str, linked: Link) -> None:
    """
    `import a.b` names the module, though nothing says what `a` is.
    """
    path = f"{folder.replace('.', '/')}/bot.py"

    project = linked({"main.py": f"import {folder}.bot\nreveal({folder}.bot.Bot)", path: BOT})

    assert project.revealed() == {f"class {path}:Bot"}


def test_a_module_beside_one_of_its_folders_name(linked: Link) -> None:
    """
    `import a.b` means a module in the folder `a`, whatever `a.py` is elsewhere.
    """
    files = {
        "shop.py": "x = 1",
        "web/main.py": "import shop.bot\nreveal(shop.bot.Bot)",
        "web/shop/bot.py": BOT,
    }

    assert linked(files).revealed() == {"class web/shop/bot.py:Bot"}


def test_names_of_a_star_that_nobody_knows(linked: Link) -> None:
    """
    They come from the only package that may have them; the last one, where there are several.
    """
    assert linked({"main.py": "from os import *\nreveal(getcwd)"}).revealed() == {"os.getcwd"}
    project = linked({"main.py": "from os import *\nfrom sys import *\nreveal(exit_)"})
    assert project.revealed() == {"sys.exit_"}


def test_a_function_may_bind_names_of_those_around_it(linked: Link) -> None:
    """
    `nonlocal` leads to the innermost one that binds the name; a class is none.
    """
    text = """
        from bot import Bot

        def outer():
            kept = 1
            class Inner:
                kept = 2
                def middle(self):
                    def inner():
                        nonlocal kept
                        kept = Bot
                    return inner
            reveal(kept)
    """

    assert linked({"main.py": text, "bot.py": BOT}).revealed() == {"1", "class bot.py:Bot"}


def test_a_parameter_that_a_branch_replaces(linked: Link) -> None:
    """
    Outside of the branch it may still be what was handed over.
    """
    text = """
        from bot import Bot

        def show(thing, flag):
            if flag:
                if thing is None:
                    thing = 1
                reveal(thing)
            else:
                print(thing)

        show(Bot, True)
    """

    assert linked({"main.py": text, "bot.py": BOT}).revealed() == {"1", "class bot.py:Bot"}
