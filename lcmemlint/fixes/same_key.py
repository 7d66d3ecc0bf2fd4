"""Codemod ``same-key`` (unsafe: what was kept under the other key is not found any more): one key on all paths.

``f"async:{user_id}"`` becomes ``user_id`` where the other path opens the history as that.
"""

from __future__ import annotations

import libcst as cst

from lcmemlint.findings import FixRequest
from lcmemlint.fixes.edits import Change, Context, Edit, Refusal
from lcmemlint.fixes.trees import Tree, unparenthesized, walk


def rewrite(tree: Tree, request: FixRequest, context: Context) -> Change | Refusal:
    """The edit that takes what is put before or behind the id away."""
    call = next(tree.calls_at(request.span), None)
    if call is None:
        return Refusal("there is no call at this place any more")
    wanted = request.get("key")
    for arg in call.args:
        for text in walk(arg.value, cst.FormattedString):
            inner = [
                part.expression for part in text.parts if isinstance(part, cst.FormattedStringExpression)
            ]
            if text is arg.value and len(inner) == 1 and f"{{{unparenthesized(inner[0])}}}" == wanted:
                return Change((Edit(*tree.extent(text), tree.source(inner[0])),))
    return Refusal("which of the keys is right is yours to say")
