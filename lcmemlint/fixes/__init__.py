"""Fixes: a ``FixRequest`` (data) becomes edits of text, and edits are written only when they are proven.

``fix_files`` is the way in. A codemod is a pure function of a parsed file, a request and a few names; it
yields a ``Change`` (edits as stretches of text to replace) or a ``Refusal`` (a reason). ``rounds`` puts
changes together, lints the result and keeps what holds; ``run`` is the only module that reads and writes files.

A request is refused, never half carried out: ``Refused.reason`` says in the user's own names what stands in the
way. What a codemod can see in its file it decides itself; what other files do, the linker must say in ``params``.

The requests that the linker may write, by ``kind``; every param is text, a missing one counts as ``""``.
All kinds take ``module``, optional: the dotted name under which the file is imported or started (``app.main`` in
``uvicorn app.main:app``), when no import in the project shows it.

``chat-memory`` (safe)
    ``span``: the constructor call of a buffer or window memory that lives for one request, or one that is
    built in a place where the conversation is known. The call gets ``chat_memory=chat_history(<key>)``.
    ``key``       the session key as an expression in scope at the span: ``user_id``, ``request.session_id``,
                  ``config["configurable"]["session_id"]``. Several ids are joined with a comma (``user_id, chat_id``).
    ``namespace`` literal first id when the project has several stores, else empty.
    ``class``     optional: the resolved class name (``langchain.memory.ConversationBufferMemory``), needed only
                  when the file does not import the class under its own name (re-exports of the project).

``history-factory`` (safe)
    ``span``: the constructor call of a history (or a buffer/window memory) inside a get-or-create over a dict,
    or the ``defaultdict(...)`` call that makes histories. The whole get-or-create becomes ``chat_history(<key>)``.
    ``container``        the dict as written at the span (``store``, ``self.histories``, ``app.state.store``).
                         Optional: the code at the span names it; when both are there they must agree.
    ``container_unused`` ``yes``: nothing else in the project uses the dict, its definition may go;
                         ``no``: another file uses it (refused); empty: not known, the definition stays.
    ``key``              optional; the code at the span names it.
    ``namespace``, ``class``  as above.
    ``shape``            free text, ignored.

``session-parameter`` (unsafe)
    ``span``: the constructor call, directly inside a handler that knows no session. The handler gets a parameter
    and the call is then rewritten as by ``then``.
    ``then``      ``chat-memory`` (also when empty), ``history-factory`` or ``shared-memory``.
    ``name``      the parameter's name, ``session_id`` when empty.
    ``callers``   ``yes``: the project calls the handler somewhere (refused); ``no`` or empty: it does not.
    ``framework`` what calls the handler, as the catalogue names it. Only ``fastapi``, ``any`` (a handler by its name)
                  and empty (not known) let a handler have one more parameter; any other name is refused.
    ``namespace``, ``class``, ``container``, ``container_unused``  handed on to ``then``.

``handed-key`` (unsafe)
    ``span``: the constructor call, directly inside a function that builds it for others and knows no session. The
    function gets a parameter ``name``, its calls pass a key, and the call is then rewritten as by ``then``.
    ``callers``   JSON: ``[path, [line, column, end line, end column], key]`` of every call of the function.
    ``keyed``     ``yes``: the callers keep what they get in a dict, by whose key it is known.
    ``then``, ``name``, ``namespace``, ``class``  as for ``session-parameter``.

``chain-for`` (unsafe)
    ``span``: the constructor call of one memory for all users, or of the chain that builds it. The chain becomes a
    function that builds it for a conversation; every use of it passes the key.
    ``chain``, ``memory``  the names at the top of the module; ``memory`` is empty when the chain's call holds it.
    ``uses``      JSON: ``[path, span, key]`` of every call in a function that mentions one of them.
    ``importers``  JSON: what each file that imports the chain calls it.
    ``implicit``  ``yes``: the chain builds its memory by itself. ``class``  as above.

``shared-memory`` (safe)
    ``span``: the constructor call of a memory that summarises or cuts by tokens, where the conversation is known or
    kept in a dict. The class becomes the generated one of the same behaviour, with ``chat_memory=`` and, for a
    summary, ``shared_summary=``.
    ``key``, ``namespace``, ``class``  as for ``chat-memory``; ``key`` is optional when the code keeps it in a dict.

``local-history`` (unsafe: the conversations move to another store)
    ``span``: the constructor call of a history in a file on this host. It becomes ``chat_history(<key>)``.
    ``ids``       parameters that name a session or a person, with commas: for a history whose file they choose.
    ``namespace``, ``class``  as for ``chat-memory``.

``checkpointer`` (unsafe: the app then depends on the package of a saver)
    ``span``: the constructor call of a saver in memory or over a connection, or its ``from_conn_string(...)``. It
    becomes ``shared_checkpointer()``, with ``url=`` for Postgres; a ``with`` around it goes, and annotations name the
    base class. ``entered`` is ``no`` when nothing enters what ``from_conn_string`` gives.
    ``namespace`` literal name when the project has several savers, whose threads must stay apart.
    ``class``     as above.

``memory-store`` (unsafe: the app then depends on the package of a store)
    ``span``: the constructor call of a LangGraph store in memory. It becomes ``shared_store()``. ``class``  as above.

``session-config`` (safe)
    ``span``: a run (``chain.invoke(x)``). Its configuration gets ``{"configurable": {<name>: <key>}}``.
    ``name``, ``key``  the key that the run needs, and the expression for its value.

``set-argument`` (safe where the code raises today)
    ``span``: a call. Its literal ``argument`` becomes the ``text`` (or the ``code``), or is added.
    ``old``       the text before; code that reads a dict under it is a refusal.

``drop-argument`` (unsafe), ``add-checkpointer`` (unsafe)
    ``span``: the call that builds a graph. It loses the keyword ``argument``, with what was built for that alone;
    or it gets ``checkpointer=shared_checkpointer()``.

``required-id`` (unsafe: requests without an id are refused)
    ``span``: the literal that all requests without an id share. The default goes; a route answers with an error.

``returning-id`` (safe with the ``key`` of a conversation, else unsafe)
    ``span``: the call that makes a new id. ``key`` takes its place, or a header of a handler does; ``framework`` as for
    ``session-parameter``.

``same-key`` (unsafe)
    ``span``: the constructor call of a history. ``f"async:{id}"`` becomes ``id`` when ``key`` is ``{id}``.

``setup-saver`` (unsafe: the database is needed there)
    ``span``: the constructor call of a saver or store. ``<method>()`` is called after it, awaited if ``await`` is
    ``yes``; ``of`` is ``checkpointer`` or ``store``.

``unattached-memory`` (unsafe)
    ``span``: the constructor call of a memory that nothing uses. It is given to the one chain beside it, if ``key`` is
    there, or deleted, unless other files import it (``imported`` is ``yes``).
"""

from __future__ import annotations

from lcmemlint.fixes.codemods import CODEMODS, Codemod
from lcmemlint.fixes.outcomes import Failed, Fixed, FixResult, Note, Outcome, Refused
from lcmemlint.fixes.run import fix_files

__all__ = ["CODEMODS", "Codemod", "Failed", "FixResult", "Fixed", "Note", "Outcome", "Refused", "fix_files"]
