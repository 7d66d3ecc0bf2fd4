"""What the parts of the evaluator have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lcmemlint.link.evaluate.evaluator import Evaluator

SHORT = 16
"""Links of the longest chain of attributes or calls that is followed in libraries that are not ours."""


class Aspect:
    """One part of the evaluator: it answers for one kind of value, and asks the others through the whole."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.files = evaluator.files
        self.modules = evaluator.modules
        self.names = evaluator.names
        self.catalogue = evaluator.catalogue
        self.questions = evaluator.questions
        self.learnt = evaluator.learnt
        self.value = evaluator.value
        self.at = evaluator.at
