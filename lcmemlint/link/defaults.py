"""What ``defaultdict(list)`` keeps: things that nobody puts in, since reaching for a missing key makes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from lcmemlint.link.evaluate import Evaluator, Stored
from lcmemlint.link.objects import External, Instance, Object
from lcmemlint.values import AttrOf, ItemOf, Value

_DEFAULTDICT = External("collections.defaultdict")


class Defaults:
    """Answers about the defaultdicts of one project into whose values something is written."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self._made: dict[Object, list[Instance]] = defaultdict(list)
        for thing in evaluator.items:
            if isinstance(thing, Instance) and thing.path and thing.of != _DEFAULTDICT:
                holder = Instance(_DEFAULTDICT, thing.path, thing.call)
                if holder in evaluator.result(thing.path, thing.call):
                    self._made[holder].append(thing)

    def holders(self) -> list[Object]:
        """The defaultdicts."""
        return list(self._made)

    def made_in(self, holder: Object) -> list[Instance]:
        """What a defaultdict makes for its missing keys; nothing for another container."""
        return self._made.get(holder, [])

    def ways_in(self, holder: Object) -> Iterator[Stored]:
        """The writes to what it makes, with the key under which each is reached: ``kept[user_id].append(…)``."""
        for made in self.made_in(holder):
            for stored in list(self.evaluator.items[made].values()):
                for key in self._keys(stored):
                    yield Stored(key, stored.site, None)

    def _keys(self, stored: Stored) -> Iterator[Value]:
        site = stored.site
        facts = self.evaluator.files[site.path]
        if site.at < 0:
            return
        bases = [target.base for target in facts.statements[site.at].targets if isinstance(target, ItemOf)]
        for number in self.evaluator.names[site.path].calls_of.get(site.scope, ()):
            call = facts.calls[number]
            if call.statement == site.at and isinstance(call.function, AttrOf):
                bases.append(call.function.base)
        yield from (base.key for base in bases if isinstance(base, ItemOf))
