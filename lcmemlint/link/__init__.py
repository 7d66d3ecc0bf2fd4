"""Link: join the facts of all files into one project that checks can ask.

Terms. An *entry point* is code that a framework runs to answer a request, message, event or task. *Reach* is what
entry points run, and which objects that code uses, each with its shortest way. A *memory* is an object that holds a
conversation; its *fate* is how long it lives and under which key it is kept; its *storage* is where the content is.
A *sink* is a place where a value selects a conversation; its *origins* are where that value comes from.

Order: ``evaluate`` (which objects values may be) → ``entry`` → ``reach`` → ``memory`` with ``storage`` → ``keys`` with
``sinks`` and ``origins`` → ``wiring`` and ``advice``. Beside these stand ``conversation`` (plain dicts),
``fallback`` (substitutes), ``graphs`` with ``clashes`` (sync or async), ``savers`` (lifecycles),
``prompts`` (keys), ``requirements`` with ``versions`` and ``recommend`` (what to write instead). Each step asks only
those before it; ``project`` puts their answers behind one face.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lcmemlint.link.project import Project, link

__all__ = ["Project", "link"]


def __getattr__(name: str) -> object:
    """The linker, imported on first use: who asks for versions only does not wait for it."""
    if name in __all__:
        from lcmemlint.link import project

        return getattr(project, name)
    raise AttributeError(f"module 'lcmemlint.link' has no attribute {name!r}")
