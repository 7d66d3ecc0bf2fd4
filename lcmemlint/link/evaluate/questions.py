"""Questions and their answers: what is known, what is being asked, and who depends on what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import Any, NamedTuple, TypeAlias

from lcmemlint.link.objects import UNCLEAR, Object, Objects

NOTHING: Objects = ()
MANY = 24
"""Objects of an answer at most, and of these at most so many are followed further."""
_DEPTH = 80
"""Questions that lead to one another, beyond which a guess must do."""

Find: TypeAlias = Callable[..., Iterable[Object]]


class Step(NamedTuple):
    """One call or statement of a sweep, in the order of the sweep."""

    path: str
    is_call: bool
    number: int


class Questions:
    """Remembers answers, and who asked for them; forgets those that depend on something learnt later.

    A question is any key; whoever asks is the question (or the step of the sweep) that is being answered. A topic is
    something that answers depend on without being an answer itself: "the items of this list".
    """

    def __init__(self) -> None:
        self._known: dict[Hashable, Objects] = {}
        self._before: dict[Hashable, Objects] = {}
        self._open: set[Hashable] = set()
        self._asking: list[Hashable] = []
        self._is_closed = False
        self._asked_by: dict[Hashable, set[Hashable]] = defaultdict(set)
        self._outdated: set[Hashable] = set()
        self._guessed: dict[Hashable, tuple[Objects, Find, tuple[Any, ...]]] = {}

    def remember(self, key: Hashable, find: Find, *given: Any) -> Objects:
        """The answer to a question: ``find(*given)``, once a round.

        A question that meets itself gets its answer of the round before.
        """
        asking = self._asking
        if asking and not self._is_closed:
            self._asked_by[key].add(asking[-1])
        known = self._known.get(key)
        if known is not None:
            return known
        if key in self._open or len(self._open) > _DEPTH:
            guess = self._before.get(key, NOTHING)
            if not self._is_closed:
                self._guessed[key] = (guess, find, given)
            return guess
        self._open.add(key)
        self._asking.append(key)
        try:
            found = distinct(find(*given))
        finally:  # a check that raises must not spoil the answers to the others
            self._open.discard(key)
            self._asking.pop()
        self._known[key] = found
        return found

    def depend_on(self, topic: Hashable) -> None:
        """Note that whoever asks depends on a topic."""
        if self._asking and not self._is_closed:
            self._asked_by[topic].add(self._asking[-1])

    def changed(self, topic: Hashable) -> None:
        """Something new about a topic: whoever has asked for it before has an outdated answer."""
        self._outdated |= self._asked_by.pop(topic, frozenset())

    def answer(self, step: Step, read: Callable[[str, int], object]) -> None:
        """Carry out a step of the sweep; it depends on whatever it asks."""
        self._asking.append(step)
        read(step.path, step.number)
        self._asking.pop()

    def outdated(self) -> list[Step]:
        """Forget answers that are outdated, or build on guesses that were wrong; the steps to be repeated, sorted."""
        wrong = self._wrong_guesses()
        steps = self._forget(self._outdated) | self._forget(wrong, is_guess=True)
        self._outdated.clear()
        return sorted(steps)

    def close(self) -> None:
        """Forget who asked what: nothing more will be learnt."""
        self._is_closed = True
        self._asked_by.clear()

    def _wrong_guesses(self) -> set[Hashable]:
        """Who was told a guess, in place of the answer to an open question, that was not what that came to."""
        wrong: set[Hashable] = set()
        guessed, self._guessed = self._guessed, {}
        for key, (answer, find, given) in guessed.items():
            if self.remember(key, find, *given) != answer:
                wrong |= self._asked_by.get(key, frozenset())
        return wrong

    def _forget(self, outdated: set[Hashable], *, is_guess: bool = False) -> set[Step]:
        """Forget answers and all that build on them; the answer is the steps of the sweep that asked for any of those.

        Only where a guess was wrong, the answers are the next guesses: else what a question once led to would
        keep itself alive in a circle.
        """
        forgotten = set(outdated)
        pending = list(outdated)
        while pending:
            for asker in self._asked_by.pop(pending.pop(), ()):
                if asker not in forgotten:
                    forgotten.add(asker)
                    pending.append(asker)
        for key in forgotten:
            answer = self._known.pop(key, None)
            if not is_guess:
                self._before.pop(key, None)
            elif answer is not None:
                self._before[key] = answer
        return {key for key in forgotten if isinstance(key, Step)}


def distinct(things: Iterable[Object]) -> Objects:
    """Each thing once, in the order found, and not too many; ``UNCLEAR`` only if there is nothing else."""
    found = dict.fromkeys(things)
    if len(found) > 1:
        found.pop(UNCLEAR, None)
    if len(found) > MANY:
        found = dict.fromkeys(list(found)[:MANY])
    return tuple(found)
