"""Questions and their answers: what is known, what is being asked, and who depends on what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from enum import IntEnum
from typing import Any, NamedTuple, TypeAlias

from msgspec import Struct

from lcmemlint.link.objects import UNCLEAR, Object, Objects

NOTHING: Objects = ()
MANY = 24
"""Objects of an answer at most, and of these at most so many are followed further."""
_PATIENCE = 2
"""Rounds of a sweep after which answers that turn in a circle must settle."""
_DEPTH = 80
"""Questions that lead to one another, beyond which a guess must do."""

Find: TypeAlias = Callable[..., Iterable[Object]]


class Reading(IntEnum):
    """What is read of a statement or call."""

    STATEMENT = 0
    CALLEE = 1
    HANDED = 2
    """The functions among the arguments of a call."""


class Step(NamedTuple):
    """One part of a sweep, in the order of the sweep: what it reads of a statement or call."""

    path: str
    reading: Reading
    number: int


class Question(Struct, eq=False):
    """A question with its answer, while that is known, and who asked; ``step`` if it is one of the sweep."""

    asked_by: set[Question]
    answer: Objects | None = None
    before: Objects = NOTHING
    is_open: bool = False
    step: Step | None = None


class Questions:
    """Remembers answers, and who asked for them; forgets those that depend on something learnt later.

    A question has any key; whoever asks is the question (or the step of the sweep) that is being answered. A topic is
    something that answers depend on without being an answer itself: "the items of this list".
    """

    def __init__(self) -> None:
        self._all: dict[Hashable, Question] = {}
        self._asking: list[Question] = []
        self._open = 0
        self._is_closed = False
        self._rounds = 0
        self._topics: dict[Hashable, set[Question]] = defaultdict(set)
        self._outdated: set[Question] = set()
        self._guessed: dict[Hashable, tuple[Objects, Find, tuple[Any, ...]]] = {}

    def remember(self, key: Hashable, find: Find, *given: Any) -> Objects:
        """The answer to a question: ``find(*given)``, once a round.

        A question that meets itself gets its answer of the round before.
        """
        question = self._all.get(key)
        if question is None:
            question = self._all[key] = Question(set())
        if self._asking and not self._is_closed:
            question.asked_by.add(self._asking[-1])
        if question.answer is not None:
            return question.answer
        if question.is_open or self._open > _DEPTH:
            if not self._is_closed:
                self._guessed[key] = (question.before, find, given)
            return question.before
        question.is_open = True
        self._open += 1
        self._asking.append(question)
        try:
            question.answer = distinct(find(*given))
        finally:  # a check that raises must not spoil the answers to the others
            question.is_open = False
            self._open -= 1
            self._asking.pop()
        return question.answer

    def depend_on(self, topic: Hashable) -> None:
        """Note that whoever asks depends on a topic."""
        if self._asking and not self._is_closed:
            self._topics[topic].add(self._asking[-1])

    def changed(self, topic: Hashable) -> None:
        """Something new about a topic: whoever has asked for it before has an outdated answer."""
        self._outdated |= self._topics.pop(topic, frozenset())

    def answer(self, step: Step, read: Callable[[str, int], object]) -> None:
        """Carry out a step of the sweep; it depends on whatever it asks."""
        self._asking.append(Question(set(), step=step))
        read(step.path, step.number)
        self._asking.pop()

    def outdated(self) -> list[Step]:
        """Forget answers that are outdated, or build on guesses that were wrong; the steps to be repeated, sorted."""
        self._rounds += 1
        wrong = self._wrong_guesses()
        steps = self._forget(self._outdated) | self._forget(wrong, is_guess=True)
        self._outdated.clear()
        if not steps:
            self._rounds = 0
        return sorted(steps)

    @property
    def _is_late(self) -> bool:
        return self._rounds > _PATIENCE

    def close(self) -> None:
        """Forget who asked what: nothing more will be learnt."""
        self._is_closed = True
        self._topics.clear()
        for question in self._all.values():
            question.asked_by.clear()

    def _wrong_guesses(self) -> set[Question]:
        """Who was told a guess, in place of the answer to an open question, that was not what that came to."""
        wrong: set[Question] = set()
        guessed, self._guessed = self._guessed, {}
        for key, (guess, find, given) in guessed.items():
            found = self.remember(key, find, *given)
            if found != guess and not (self._is_late and _adds_nothing(found, guess)):
                wrong |= self._all[key].asked_by
        return wrong

    def _forget(self, outdated: set[Question], *, is_guess: bool = False) -> set[Step]:
        """Forget answers and all that build on them; the answer is the steps of the sweep that asked for any of those.

        Only where a guess was wrong, the answers are the next guesses: else what a question once led to would
        keep itself alive in a circle. Late in a sweep guesses only grow: else two that turn on each other never end.
        """
        forgotten = set(outdated)
        pending = list(outdated)
        while pending:
            question = pending.pop()
            pending += question.asked_by - forgotten
            forgotten |= question.asked_by
            question.asked_by.clear()
        for question in forgotten:
            if self._is_late:
                question.before = distinct((*question.before, *(question.answer or ())))
            elif not is_guess:
                question.before = NOTHING
            elif question.answer is not None:
                question.before = question.answer
            question.answer = None
        return {question.step for question in forgotten if question.step is not None}


def _adds_nothing(found: Objects, guess: Objects) -> bool:
    return len(guess) == MANY or not set(found).difference(guess)


def distinct(things: Iterable[Object]) -> Objects:
    """Each thing once, in the order found, and not too many; ``UNCLEAR`` only if there is nothing else."""
    if isinstance(things, (list, tuple)) and len(things) < 2:
        return tuple(things)
    found = dict.fromkeys(things)
    if len(found) > 1:
        found.pop(UNCLEAR, None)
    if len(found) > MANY:
        found = dict.fromkeys(list(found)[:MANY])
    return tuple(found)
