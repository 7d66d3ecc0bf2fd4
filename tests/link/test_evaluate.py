"""What a value may be: through calls, parameters, attributes, items; and questions that lead back to themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lcmemlint.link.objects import External, Instance, Part, dotted_of, made_at, part_of

if TYPE_CHECKING:
    from tests.link.conftest import Link

BOT = """
class Bot:
    kind = "plain"

    def __init__(self, llm=None):
        self.llm = llm
        self.memory = {}

    def answer(self, text):
        return text

    @property
    def model(self):
        return self.llm

    @classmethod
    def make(cls):
        return cls("made")

    @staticmethod
    def help():
        return "help"
"""
BOT_INSTANCE = "instance of class bot.py:Bot"
HEAD = "import asyncio, copy, functools\nfrom bot import Bot\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("reveal(Bot())", {BOT_INSTANCE}),
        ("def make(): return Bot()\nreveal(make())", {BOT_INSTANCE}),
        ("def make():\n    bot = Bot()\n    return bot\nreveal(make())", {BOT_INSTANCE}),
        ("make = lambda: Bot()\nreveal(make())", {BOT_INSTANCE}),
        ("async def make(): return Bot()\nasync def f():\n    reveal(await make())", {BOT_INSTANCE}),
        ("def make():\n    yield Bot()\nfor bot in [1]:\n    reveal(make())", {BOT_INSTANCE}),
        ("def outer():\n    def make(): return Bot()\n    return make\nreveal(outer()())", {BOT_INSTANCE}),
        ("reveal(functools.partial(Bot, 1))", {"class bot.py:Bot"}),
        ("def make(x): return Bot()\nreveal(functools.partial(make, 1)())", {BOT_INSTANCE}),
        ("reveal(copy.deepcopy(Bot()))", {BOT_INSTANCE}),
        ("async def make(): return Bot()\nreveal(asyncio.run(make()))", {BOT_INSTANCE}),
        ("reveal(Bot.make())", {BOT_INSTANCE}),
        ("reveal(Bot().make())", {BOT_INSTANCE}),
        ("reveal(Bot.help())", {"'help'"}),
        ("reveal(Bot().answer)", {"method bot.py:Bot.answer"}),
        ("reveal(Bot.answer)", {"function bot.py:Bot.answer"}),
        ("reveal(Bot('gpt').llm)", {"'gpt'", "'made'"}),
        ("reveal(Bot('gpt').model)", {"'gpt'", "'made'"}),
        ("reveal(Bot().kind)", {"'plain'"}),
        ("reveal(Bot.kind)", {"'plain'"}),
        ("class A:\n    def f(self):\n        self.one, self.two = Bot(), 1\nreveal(A().one)", {BOT_INSTANCE}),
        ("class A:\n    def f(self):\n        self.one, self.two = Bot(), 1\nreveal(A().two)", {"1"}),
        ("class Outer:\n    for one in [Bot]: pass\nreveal(Outer.one)", {"class bot.py:Bot"}),
        ("class Outer:\n    class Inner: pass\nreveal(Outer.Inner)", {"class app.py:Outer.Inner"}),
        ("class Outer:\n    from bot import Bot\nreveal(Outer.Bot)", {"class bot.py:Bot"}),
        ("reveal(Bot().memory)", {"a dict"}),
        ("class Sub(Bot): pass\nreveal(Sub().answer)", {"method bot.py:Bot.answer"}),
        ("class Sub(Bot):\n    def answer(self, text): return super().answer\nreveal(Sub().answer(1))",
         {"method bot.py:Bot.answer"}),
        ("class Call:\n    def __call__(self): return Bot()\nreveal(Call()())", {BOT_INSTANCE}),
        ("bot = None or Bot()\nreveal(bot)", {"None", BOT_INSTANCE}),
        ("bot = Bot() if x else 2\nreveal(bot)", {"2", BOT_INSTANCE}),
        ("reveal([Bot()][0])", {BOT_INSTANCE}),
        ("reveal({'a': Bot(), 'b': 2}['a'])", {BOT_INSTANCE}),
        ("reveal({'a': Bot(), 'b': 2}['b'])", {"2"}),
        ("reveal({'a': Bot(), 'b': 2}[k])", {"2", BOT_INSTANCE}),
        ("reveal({'a': Bot()}.get('a', 3))", {"3", BOT_INSTANCE}),
        ("bots = {}\nbots[k] = Bot()\nreveal(bots[j])", {BOT_INSTANCE}),
        ("bots = {}\nbots[k] = Bot()\nreveal(bots.get(j))", {BOT_INSTANCE}),
        ("bots = {}\nreveal(bots.setdefault(k, Bot()))", {BOT_INSTANCE}),
        ("bots = []\nbots.append(Bot())\nreveal(bots[-1])", {BOT_INSTANCE}),
        ("bots = []\nbots.append(Bot())\nfor bot in bots:\n    reveal(bot)", {BOT_INSTANCE}),
        ("from collections import defaultdict\nbots = defaultdict(Bot)\nreveal(bots[k])", {BOT_INSTANCE}),
        ("from collections import defaultdict\nbots = defaultdict(lambda: Bot())\nreveal(bots[k])",
         {BOT_INSTANCE}),
        ("bots = [Bot() for _ in x]\nreveal(bots[0])", {BOT_INSTANCE}),
        ("def pair(): return 1, Bot()\none, bot = pair()\nreveal(bot)", {BOT_INSTANCE}),
        ("first, *rest = Bot(), 2\nreveal(first)", {BOT_INSTANCE}),
        ("reveal(f'{Bot()}')", {"?"}),
        ("reveal(1 + 2)", {"1", "2"}),
        ("reveal(not x)", {"?"}),
        ("with Bot() as bot:\n    reveal(bot)", {BOT_INSTANCE}),
        ("reveal(Bot().nothing)", {"?"}),
        ("reveal(Bot.nothing)", {"?"}),
        ("reveal(x()())", {"?"}),
    ],
)  # fmt: skip
def test_a_value(text: str, found: set[str], linked: Link) -> None:
    """
    Values are followed through what Python does with them, and no further.
    """
    assert linked({"app.py": HEAD + text, "bot.py": BOT}).revealed() == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("def f(x): reveal(x)\nf(1)", {"1"}),
        ("def f(x): reveal(x)\nf(1)\nf(x=2)", {"1", "2"}),
        ("def f(a, x): reveal(x)\nf(1, 2)", {"2"}),
        ("def f(a, *, x): reveal(x)\nf(1, 2, x=3)", {"3"}),
        ("def f(x=0): reveal(x)\nf(1)", {"1"}),
        ("def f(x=0): reveal(x)\nf(1)\nf()", {"0", "1"}),
        ("def f(x=0): reveal(x)", {"0"}),
        ("def f(x): reveal(x)", {"parameter x"}),
        ("def f(x): reveal(x)\nf(*y)", {"parameter x"}),
        ("def f(x): reveal(x)\nf(**y)", {"parameter x"}),
        ("def f(*x): reveal(x)\nf(1)", {"parameter x"}),
        ("class C:\n    def f(self, x): reveal(x)\nC().f(1)", {"1"}),
        ("class C:\n    def f(self, x): reveal(x)\nC.f(C(), 1)", {"1"}),
        ("class C:\n    @staticmethod\n    def f(x): reveal(x)\nC.f(1)", {"1"}),
        ("class C:\n    @classmethod\n    def f(cls, x): reveal(x)\nC.f(1)", {"1"}),
        ("class C:\n    @classmethod\n    def f(cls): reveal(cls)", {"class app.py:C"}),
        ("class C:\n    def f(self): reveal(self)", {"instance of class app.py:C"}),
        ("class C:\n    def __init__(self, x): reveal(x)\nC(1)", {"1"}),
        ("def f(x): reveal(x)\nmap(f, [1, 2])", {"1", "2"}),
        ("from threading import Thread\ndef f(x): reveal(x)\nThread(target=f, args=(1,))", {"1"}),
        ("from functools import partial\ndef f(x): reveal(x)\npartial(f, 1)", {"1"}),
        ("def f(x): reveal(x)\nloop.run_in_executor(None, f, 1)", {"1"}),
        ("def f(x: int): reveal(x)", {"parameter x"}),
        ("class C: pass\ndef f(x: C): reveal(x)", {"instance of class app.py:C"}),
        ("class C: pass\ndef f(x: 'C'): reveal(x)", {"instance of class app.py:C"}),
        ("class C: pass\ndef f(x: C | None = None): reveal(x)", {"instance of class app.py:C", "None"}),
        ("from typing import Optional\nclass C: pass\ndef f(x: Optional[C]): reveal(x)",
         {"instance of class app.py:C"}),
        ("class C: pass\ndef f(x: list[C]): reveal(x)", {"parameter x"}),
        ("from typing import Annotated\nfrom fastapi import Depends\nclass C: pass\ndef make(): return C()\n"
         "def f(x: Annotated[int, Depends(make)]): reveal(x)", {"instance of class app.py:C"}),
        ("from fastapi import Depends\ndef make(): return 7\ndef f(x=Depends(make)): reveal(x)", {"7"}),
        ("from fastapi import Depends\nclass C: pass\ndef f(x=Depends(C)): reveal(x)",
         {"instance of class app.py:C"}),
        ("from fastapi import Request\ndef f(x: Request): reveal(x)", {"instance of fastapi.Request"}),
    ],
)  # fmt: skip
def test_a_parameter(text: str, found: set[str], linked: Link) -> None:
    """
    A parameter holds what the calls hand over, its default if a call leaves it out, or what its annotation says.
    """
    assert linked({"app.py": text}).revealed() == found


def test_a_decorated_function_is_still_itself(linked: Link) -> None:
    """
    A decorator of the project or of a library does not hide what it decorates.
    """
    text = """
        import functools
        def timed(function):
            @functools.wraps(function)
            def inner(*args): return function(*args)
            return inner
        @timed
        @functools.lru_cache
        def make(): return 7
        reveal(make())
    """

    assert linked({"app.py": text}).revealed() == {"7"}


def test_a_decorator_of_another_library_adds_nothing(linked: Link) -> None:
    """
    Only one that makes a component, like a tool, puts that beside the function.
    """
    text = """
        from elsewhere import timed
        @timed(unit="s")
        def make(): return 7
        reveal(make)
    """

    assert linked({"app.py": text}).revealed() == {"function app.py:make"}


def test_an_attribute_learnt_from_another_class_of_the_family(linked: Link) -> None:
    """
    What a subclass stores in `self` is what the method of the base reads.
    """
    text = """
        class Base:
            def run(self): reveal(self.tool)
        class Child(Base):
            def __init__(self): self.tool = 7
    """

    assert linked({"app.py": text}).revealed() == {"7"}


def test_a_method_that_subclasses_define(linked: Link) -> None:
    """
    A template method calls whichever subclass has the step.
    """
    text = """
        class Base:
            def run(self): reveal(self.step())
        class One(Base):
            def step(self): return 1
        class Two(Base):
            def step(self): return 2
    """

    assert linked({"app.py": text}).revealed() == {"1", "2"}


def test_fields_of_a_dataclass(linked: Link) -> None:
    """
    Keyword arguments of a class without `__init__` are its attributes.
    """
    text = """
        from dataclasses import dataclass
        @dataclass
        class State:
            bot: object = None
        reveal(State(bot=7).bot)
    """

    assert linked({"app.py": text}).revealed() == {"7", "None"}


def test_the_state_of_an_application_is_one_place(linked: Link) -> None:
    """
    `app.state.bot` at start-up is `request.app.state.bot` in a route, in another file.
    """
    project = linked(
        {
            "main.py": """
                from fastapi import FastAPI
                from bot import Bot
                app = FastAPI()
                app.state.bot = Bot()
            """,
            "routes.py": """
                from fastapi import APIRouter, Request
                router = APIRouter()
                @router.get("/")
                def chat(request: Request):
                    reveal(request.app.state.bot)
            """,
            "bot.py": BOT,
        }
    )

    assert project.revealed() == {BOT_INSTANCE}


def test_a_chain_knows_the_memory_that_it_was_given(linked: Link) -> None:
    """
    `chain.memory` is the argument of that name.
    """
    text = """
        from langchain.chains import ConversationChain
        from langchain.memory import ConversationBufferMemory
        chain = ConversationChain(memory=ConversationBufferMemory())
        reveal(chain.memory)
    """

    assert linked({"app.py": text}).revealed() == {"instance of langchain.memory.ConversationBufferMemory"}


def test_files_beside_the_server_hand_over_nothing(linked: Link) -> None:
    """
    What a demo passes to a function of the application is not what requests pass.
    """
    project = linked(
        {
            "app.py": """
                from fastapi import FastAPI
                from bot import run
                app = FastAPI()
                @app.post("/")
                def chat(user: str): return run(user, 5)
            """,
            "bot.py": "def run(user, k=3):\n    reveal(user)\n    reveal(k, 'k')\n    return user",
            "demo.py": "from bot import run\nprint(run('demo'))",
        }
    )

    assert project.revealed() == {"parameter user"}
    assert project.revealed("k") == {"5"}


def test_the_class_that_a_configuration_names(linked: Link) -> None:
    """
    A field's factory says what the field is; what a base class leaves open, the classes below may say.
    """
    text = """
        from dataclasses import dataclass, field
        class Bot: pass
        @dataclass
        class Config:
            target: type
            def build(self): return self.target(self)
        @dataclass
        class BotConfig(Config):
            target: type = field(default_factory=lambda: Bot)
        @dataclass
        class AppConfig:
            bot: BotConfig = field(default_factory=BotConfig)
        reveal(AppConfig().bot.build())
    """
    assert linked({"app.py": text}).revealed() == {"instance of class app.py:Bot"}


@pytest.mark.parametrize(
    "call",
    [
        "from functools import partial\npartial(f, x=7)",
        "import asyncio\nasyncio.to_thread(f, x=7)",
        "import threading\nthreading.Thread(target=f, kwargs={'x': 7})",
    ],
)
def test_keywords_that_are_handed_on(call: str, linked: Link) -> None:
    """
    What takes a function together with its arguments fills the parameters by their names.
    """
    assert linked({"app.py": f"def f(x):\n    reveal(x)\n{call}"}).revealed() == {"7"}


def test_what_a_session_keeps_of_a_framework(linked: Link) -> None:
    """
    `user_session.set` and `user_session.get` are one place.
    """
    text = """
        import chainlit as cl
        def start(): cl.user_session.set("n", 7)
        def go(): reveal(cl.user_session.get("n"))
    """
    assert linked({"app.py": text}).revealed() == {"7"}


# --- questions that lead back to themselves ---------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "def f(x): return g(x)\ndef g(x): return f(x - 1) or 7\nreveal(f(2))",
        "def f(x): return f(x) if y else x\nreveal(f(7))",
        "x = 7\nfor i in y:\n    x = x\nreveal(x)",
        "class C:\n    def __init__(self): self.x = 7\n    def go(self): self.x = self.keep(self.x)\n"
        "    def keep(self, x): return x\nreveal(C().x)",
        "class C:\n    def go(self):\n        self.x = self.y\n        self.y = self.x\n        self.y = 7\n"
        "reveal(C().x)",
        "d = {}\nd['a'] = d['b']\nd['b'] = d['a']\nd['b'] = 7\nreveal(d['a'])",
        "def f(x=lambda: f): return 7\nreveal(f())",
        "f = lambda: g()\ng = lambda: f() or 7\nreveal(f())",
        "def f(n, x): return f(n - 1, x) if n else x\nreveal(f(3, 7))",
    ],
)
def test_recursion_ends_with_what_feeds_it(text: str, linked: Link) -> None:
    """
    Functions, attributes and items that are made from themselves hold what comes in from outside.
    """
    assert linked({"app.py": text}).revealed() - {"?", "None"} == {"7"}


@pytest.mark.parametrize(
    "text",
    [
        "def f(): return f()\nreveal(f())",
        "def f(): return g()\ndef g(): return f()\nreveal(f())",
        "class C(C): pass\nreveal(C().x)",
        "class C:\n    x = x\nreveal(C().x)",
        "x = x\nreveal(x)",
        "x = [x]\nreveal(x[0][0])",
        "class C:\n    def go(self): return self.go().go\nreveal(C().go())",
        "def f(x): return f(f)\nreveal(f(f))",
        "d = {}\nd[0] = d\nreveal(d[0][0][0])",
    ],
)
def test_what_only_comes_from_itself_is_not_made_up(text: str, linked: Link) -> None:
    """
    Nothing external, and no literal, is the answer to a question about nothing; and the answer comes.
    """
    assert not linked({"app.py": text}).revealed() & {"None", "7"}


def test_a_circle_of_base_classes(linked: Link) -> None:
    """
    Classes of two files that derive from each other know each other's methods.
    """
    project = linked(
        {
            "a.py": "from b import B\nclass A(B):\n    def one(self): return 1\nreveal(A().two())",
            "b.py": "from a import A\nclass B(A):\n    def two(self): return 2\nreveal(B().one(), 'one')",
        }
    )

    assert project.revealed() == {"2"}
    assert project.revealed("one") == {"1"}


@pytest.mark.parametrize(
    "body",
    [
        "x = x.next()",
        "x = x.next",
        "x = x()",
        "x = x.one().two()",
        "x = x.one.two",
        "x = x.first.second(x).third(x.fourth)",
        "x = x.a() if x.b else x.c()",
        "x[x] = x = x[x.a]",
        "x.a = x.b = x",
        "x, y = x.a(), x.b()",
    ],
)
def test_an_endless_chain_has_an_end(body: str, linked: Link) -> None:
    """
    `x = x.next()` in a loop stands for few things, however often the sweep comes by.
    """
    text = f"import tables\nx = tables.read('a')\nfor _ in range(9):\n    {body}\nreveal(x)"

    assert 0 < len(linked({"app.py": text}).revealed()) < 12


def test_many_endless_chains_at_once(linked: Link) -> None:
    """
    A long function that reworks one table again and again takes no time.
    """
    lines = "".join(
        f"    df = df.step{n}(df)\n    if df.x{n}:\n        df = df.other{n}()\n" for n in range(60)
    )
    text = f"import tables\ndef work(df):\n{lines}    return df\n"
    text += "df = tables.read('a')\nfor _ in x:\n    df = work(df)\n"

    assert linked({"app.py": text + "reveal(df)"}).revealed()


@pytest.mark.parametrize(
    "text", ["reveal(lib.load('a').head())", "def f(a: lib.Table): reveal(a.head)", "reveal(lib.c.d(1))"]
)
def test_numbers_are_not_followed(text: str, linked: Link) -> None:
    """
    No conversation is kept in a table or a tensor, and what is made of one is made of another.
    """
    answers = [linked({"app.py": f"import {lib} as lib\n{text}"}).revealed() for lib in ("lib", "pandas")]

    assert answers[0] != answers[1]
    assert not any("pandas" in answer for answer in answers[1])


@pytest.mark.parametrize("count", [3, 50, 400])
def test_a_long_fluent_chain_of_a_graph(count: int, linked: Link) -> None:
    """
    A graph built in one expression is a graph, unless the expression is absurdly long; that one crashes nothing.
    """
    nodes = "".join(f".add_node('n{n}', work)" for n in range(count))
    text = f"from langgraph.graph import StateGraph\ndef work(state): pass\nreveal(StateGraph(dict){nodes}.compile())"

    (found,) = linked({"app.py": text}).revealed()

    assert (found.startswith("instance of instance of")) == (count < 60)


def test_long_expressions_and_aliases_crash_nothing(linked: Link) -> None:
    """
    A thousand terms, two hundred aliases, five hundred functions that call the next: some answer comes.
    """
    terms = " + ".join(f"'a{n}'" for n in range(900))
    aliases = "\n".join(f"x{n + 1} = x{n}" for n in range(200))
    calls = "\n".join(f"def f{n}(): return f{n + 1}()" for n in range(500))
    text = f"a = {terms}\nx0 = 7\n{aliases}\n{calls}\ndef f500(): return 7\nreveal(x200)\nreveal(f0(), 'f')"

    project = linked({"app.py": text})

    assert project.revealed() == {"7"}
    assert project.revealed("f") <= {"7", "?"}


def test_two_targets_of_one_statement_are_both_kept(linked: Link) -> None:
    """
    `d["a"] = d["b"] = 7` fills both.
    """
    project = linked({"app.py": "d = {}\nd['a'] = d['b'] = 7\nreveal(d['a'])\nreveal(d['b'], 'b')"})

    assert project.revealed() == {"7"}
    assert project.revealed("b") == {"7"}


def test_the_answer_does_not_depend_on_who_asked_first(linked: Link) -> None:
    """
    The same texts in any order give the same answers.
    """
    files = {
        "a.py": "from b import make\nitems = []\nitems.append(make(items))\nreveal(items[0])",
        "b.py": "from c import wrap\ndef make(x): return wrap(x)",
        "c.py": "from a import items\ndef wrap(x): return items[0] or 7",
    }

    assert linked(files).revealed() == linked(dict(reversed(files.items()))).revealed() >= {"7"}


# --- objects ----------------------------------------------------------------------------------------------


def test_equal_objects_are_equal_however_deep() -> None:
    """
    Long chains can be compared and looked up: the hash is made once.
    """

    def chain() -> Instance:
        thing = Instance(External("langgraph.graph.StateGraph"), "a.py", 0)
        for number in range(1, 50):
            thing = Instance(Part(thing, "add_node"), "a.py", number)
        return thing

    assert chain() == chain()
    assert len({chain(), chain()}) == 1
    assert (dotted_of(chain()) or "").startswith("langgraph.graph.StateGraph.add_node.add_node")


def test_a_call_whose_receiver_came_from_it() -> None:
    """
    `x = x.next()` gives what it gave before; another call gives something new.
    """
    first = Instance(Part(Instance(External("x")), "next"), "a.py", 1)

    assert made_at(Part(first, "next"), "a.py", 1) == first
    assert made_at(Part(first, "next"), "a.py", 2) == Instance(Part(first, "next"), "a.py", 2)
    assert made_at(Part(first, "next"), "a.py", 2, links=2) is None


def test_an_attribute_of_its_own_kind() -> None:
    """
    `x.next.next` is `x.next`; `x.one.two` is something else.
    """
    following = Part(External("x"), "next")

    assert part_of(following, "next") == following
    assert part_of(Part(following, "one"), "next") == following
    assert part_of(following, "two") == Part(following, "two")


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("Bot()", {BOT_INSTANCE}),
        ("Other()", {"instance of class app.py:Other"}),
        ("unknown()", {BOT_INSTANCE}),
        ("None", {"None", BOT_INSTANCE}),
    ],
)
def test_what_a_caller_hands_over_beats_the_annotation(given: str, found: set[str], linked: Link) -> None:
    """
    The annotation counts where nothing better is known.
    """
    text = f"class Other: pass\n\ndef work(bot: Bot):\n    reveal(bot)\n\nwork({given})\n"

    assert linked({"app.py": HEAD + text, "bot.py": BOT}).revealed() == found
