"""From findings to proven texts, without touching the disk.

A round turns the requests of the wanted findings into changes, outermost first; what overlaps waits for the
next round. All changes of a round are tried together; when the lint of the result is not as it must be, the
round is halved until the changes that spoil it are alone. A change holds when its findings are gone, no finding
is new anywhere, and no comment is lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import libcst as cst
from msgspec import Struct

from lcmemlint.findings import Finding, FixRequest
from lcmemlint.fixes.assemble import Assembled, assembled
from lcmemlint.fixes.codemods import codemod
from lcmemlint.fixes.edits import Change, Context, Refusal
from lcmemlint.fixes.layout import Layout
from lcmemlint.fixes.outcomes import Failed, Refused
from lcmemlint.fixes.supply import HISTORY_FUNCTION, Places, Supply, import_lines, new_modules
from lcmemlint.fixes.trees import Tree, offset

ROUNDS = 5
Relint = Callable[[Mapping[str, str]], Sequence[Finding]]
Identity = tuple[str, str, str]


class _Part(Struct, frozen=True):
    """What a proposal changes in one file.

    ``names`` is what the file calls generated functions, ``module`` the file's dotted name if it is known.
    """

    path: str
    change: Change
    names: Mapping[str, str]
    module: str = ""


class _Proposal(Struct, frozen=True):
    """The change for one request, in the file of its finding first, and the findings that asked for it."""

    parts: tuple[_Part, ...]
    findings: tuple[Finding, ...]

    @property
    def order(self) -> tuple[str, int, int]:
        """By place, what is around another one first."""
        first = self.parts[0]
        return (first.path, first.change.start, -first.change.end)


_Unit: TypeAlias = list[_Proposal]
"""Changes that hold only together: those that empty the same dict."""


class _Attempt(Struct, frozen=True):
    """The project's texts with some proposals carried out, and what the linter says about them."""

    texts: dict[str, str]
    files: dict[str, Assembled]
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class Fixing:
    """One fix run over texts. ``texts`` are the files that differ from the disk, ``created`` those that are new."""

    layout_files: frozenset[str]
    text_of: Callable[[str], str]
    relint: Relint
    unsafe: bool
    supply: Supply = field(default_factory=Supply)
    texts: dict[str, str] = field(default_factory=dict)
    created: set[str] = field(default_factory=set)
    fixed: list[Finding] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    failed: dict[str, Failed] = field(default_factory=dict)
    _baseline: tuple[Finding, ...] = ()
    _origin: dict[Finding, Finding] = field(default_factory=dict)

    def run(self, findings: Iterable[Finding]) -> None:
        """Fix what can be fixed of these findings."""
        waiting = sorted(dict.fromkeys(findings), key=lambda finding: finding.order)
        if not any(self._asks(finding) for finding in waiting):
            self._refuse_without_request(waiting)
            return
        before = self._baseline = tuple(self.relint({}))
        for _ in range(ROUNDS):
            waiting = self._round(self._refuse_without_request(waiting))
            if not waiting:
                break
        self.refuse(waiting, f"other fixes overlap it, also after {ROUNDS} rounds")
        self._settle(before)

    def _settle(self, before: Iterable[Finding]) -> None:
        """Findings that went away with what caused them need no fix of their own."""
        gone = set(map(_identity, before)) - set(map(_identity, self._baseline))
        self.fixed += [one.finding for one in self.refused if _identity(one.finding) in gone]
        self.refused = [one for one in self.refused if _identity(one.finding) not in gone]

    def _asks(self, finding: Finding) -> bool:
        return finding.fix is not None and (self.unsafe or not finding.fix.unsafe)

    def refuse(self, findings: Iterable[Finding], reason: str) -> None:
        """Note that these findings stay. They are named as the caller knows them."""
        for finding in findings:
            known = self._origin.get(finding, finding)
            self.refused.append(
                Refused(known.at.path if known.fix is None else known.fix.path, known, reason)
            )

    def _refuse_without_request(self, findings: Sequence[Finding]) -> list[Finding]:
        for finding in findings:
            if finding.fix is None:
                self.refuse([finding], finding.no_fix or "no fix is known for it")
            elif not self._asks(finding):
                self.refuse(
                    [finding],
                    "its fix changes a signature, picks a key or adds a dependency: it needs --unsafe-fixes",
                )
        return [finding for finding in findings if self._asks(finding)]

    def text(self, path: str) -> str:
        """The text of a file as the run has it by now."""
        return self.texts[path] if path in self.texts else self.text_of(path)

    def _round(self, findings: Sequence[Finding]) -> list[Finding]:
        proposals, waiting = self._proposals(findings)
        accepted: list[_Proposal] = []
        attempt = self._add(_units(proposals), accepted, None)
        if attempt is None:
            return waiting  # what they overlapped was refused
        self.fixed += [self._origin.get(one, one) for each in accepted for one in each.findings]
        self.created |= {
            path for path in attempt.texts if path not in self.layout_files and path not in attempt.files
        }
        before = {path: self.text(path) for path in attempt.files}
        self.texts |= attempt.texts
        self._baseline = attempt.findings
        return self._found_again(waiting, before, attempt)

    # proposals

    def _proposals(self, findings: Sequence[Finding]) -> tuple[list[_Proposal], list[Finding]]:
        """The changes of this round, and the findings that must wait because their edits overlap others'."""
        by_path: dict[str, dict[FixRequest, list[Finding]]] = {}
        for finding in findings:
            if finding.fix is not None:
                by_path.setdefault(finding.fix.path, {}).setdefault(finding.fix, []).append(finding)
        possible: list[_Proposal] = []
        trees: dict[str, Tree | None] = {}
        for path, requests in sorted(by_path.items()):
            tree = trees[path] = trees.get(path) or self._tree(path)
            if tree is None:
                self.refuse([one for asked in requests.values() for one in asked], self.failed[path].error)
                continue
            for request, asked in requests.items():
                proposed = self._proposed(path, tree, request, trees)
                if isinstance(proposed, Refusal):
                    self.refuse(asked, proposed.reason)
                else:
                    possible.append(_Proposal(proposed, tuple(asked)))
        return _apart(possible)

    def _proposed(
        self, path: str, tree: Tree, request: FixRequest, trees: dict[str, Tree | None]
    ) -> tuple[_Part, ...] | Refusal:
        """The change for one request, in each of the files that it touches."""

        def opened(other: str) -> tuple[Tree, Context] | None:
            if other not in trees:
                trees[other] = self._parsed(other)
            found = trees[other]
            return None if found is None else (found, Context(self.supply.names(found)))

        names = self.supply.names(tree)
        change = self._change(path, tree, request, Context(names, opened=opened))
        if isinstance(change, Refusal):
            return change
        others = [(each, opened(each.path)) for each in change.elsewhere]
        beside = (
            _Part(each.path, each.change, found[1].names) for each, found in others if found is not None
        )
        return (_Part(path, change, names, request.get("module")), *beside)

    def _tree(self, path: str) -> Tree | None:
        try:
            return Tree(self.text(path))
        except (cst.ParserSyntaxError, ValueError, OSError, RecursionError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            self.failed[path] = Failed(path, f"cannot be parsed: {reason}")
            return None

    def _parsed(self, path: str) -> Tree | None:
        """A file that a change touches beside its own; that it cannot be parsed is the change's affair only."""
        try:
            return Tree(self.text(path))
        except (cst.ParserSyntaxError, ValueError, OSError, RecursionError):
            return None

    def _change(self, path: str, tree: Tree, request: FixRequest, context: Context) -> Change | Refusal:
        known = codemod(request.kind)
        if known is None:
            return Refusal(f"no fix of the kind `{request.kind}` exists")
        change = known.rewrite(tree, request, context)
        if isinstance(change, Refusal):
            return change
        if change.unsafe and not self.unsafe:
            return Refusal(f"{change.unsafe}: it needs --unsafe-fixes")
        if HISTORY_FUNCTION in change.needs and self.supply.is_own(path):
            return Refusal(f"this file is the factory that the configuration names (`{self.supply.factory}`)")
        return change

    # proof

    def _add(self, units: list[_Unit], accepted: list[_Proposal], best: _Attempt | None) -> _Attempt | None:
        """Accept as many of the proposals as hold together with those accepted before."""
        if not units:
            return best
        proposals = [each for unit in units for each in unit]
        outcome = self._attempt([*accepted, *proposals])
        if isinstance(outcome, _Attempt):
            accepted += proposals
            return outcome
        if len(units) == 1:
            for proposal in proposals:
                self.refuse(proposal.findings, outcome.reason)
            return best
        half = len(units) // 2
        best = self._add(units[:half], accepted, best)
        return self._add(units[half:], accepted, best)

    def _attempt(self, proposals: Sequence[_Proposal]) -> _Attempt | Refusal:
        layout = Layout(self.layout_files | self.texts.keys(), self._maybe_text)
        by_path: dict[str, list[_Part]] = {}
        for part in (part for each in proposals for part in each.parts):
            by_path.setdefault(part.path, []).append(part)
        needs = {
            path: {need for part in parts for need in part.change.needs} for path, parts in by_path.items()
        }
        modules = {path: max(part.module for part in parts) for path, parts in by_path.items()}
        if (refusal := _also_used(by_path, layout)) is not None:
            return refusal
        places = self.supply.places(needs, modules, layout)
        texts = dict(self.texts)
        files: dict[str, Assembled] = {}
        for path, parts in sorted(by_path.items()):
            done = _assembled(path, parts, self.text(path), layout.root(path, modules[path]), layout, places)
            if isinstance(done, Refusal):
                return done
            files[path], texts[path] = done, done.text
        texts |= new_modules(places, layout, {path: self.text(path) for path in files})
        after = tuple(self.relint(texts))
        refusal = self._not_proven(proposals, after)
        return _Attempt(texts, files, after) if refusal is None else refusal

    def _maybe_text(self, path: str) -> str:
        try:
            return self.text(path)
        except (OSError, ValueError):
            return ""

    def _not_proven(self, proposals: Sequence[_Proposal], after: Sequence[Finding]) -> Refusal | None:
        had, has = Counter(map(_identity, self._baseline)), Counter(map(_identity, after))
        new = has - had
        for finding in after:
            if _identity(finding) in new:
                at = finding.at
                return Refusal(
                    f"it would bring {finding.code} on line {at.span.line} of {at.path}: {finding.message}"
                )
        asked = Counter(_identity(finding) for each in proposals for finding in each.findings)
        for identity, count in asked.items():
            if has[identity] > max(had[identity] - count, 0):
                return Refusal(f"the edit does not make {identity[0]} go away")
        return None

    def _found_again(
        self, waiting: Sequence[Finding], before: Mapping[str, str], attempt: _Attempt
    ) -> list[Finding]:
        """The findings that waited, as the lint of the new texts has them; those that are gone count as fixed."""
        found: list[Finding] = []
        for finding in waiting:
            origin = self._origin.get(finding, finding)
            alike = [each for each in attempt.findings if _identity(each) == _identity(finding)]
            same = next((each for each in alike if self._is_moved(finding, each, before, attempt)), None)
            if same is not None:
                self._origin[same] = origin
                found.append(same)
            elif alike:
                self.refuse([origin], "another fix changed this place; run again")
            else:
                self.fixed.append(origin)
        return found

    def _is_moved(self, old: Finding, new: Finding, before: Mapping[str, str], attempt: _Attempt) -> bool:
        path = old.at.path
        if path not in attempt.files:
            return old.at.span == new.at.span
        start = attempt.files[path].moved(offset(before[path], old.at.span.line, old.at.span.column))
        return start == offset(attempt.texts[path], new.at.span.line, new.at.span.column)


def _units(proposals: Sequence[_Proposal]) -> list[_Unit]:
    units: dict[object, _Unit] = {}
    for each in proposals:
        first = each.parts[0]
        key: object = first.change if first.change.emptied is None else first.change.emptied.name
        units.setdefault((first.path, key), []).append(each)
    return list(units.values())


def _apart(possible: Sequence[_Proposal]) -> tuple[list[_Proposal], list[Finding]]:
    """The proposals that do not overlap, and the findings of those that must wait for these."""
    chosen: list[_Proposal] = []
    taken: dict[str, list[Change]] = {}
    waiting: list[Finding] = []
    for each in sorted(possible, key=lambda each: each.order):
        if any(part.change.overlaps(other) for part in each.parts for other in taken.get(part.path, ())):
            waiting += each.findings
            continue
        chosen.append(each)
        for part in each.parts:
            taken.setdefault(part.path, []).append(part.change)
    return chosen, waiting


def _also_used(by_path: Mapping[str, Sequence[_Part]], layout: Layout) -> Refusal | None:
    """The refusal for a name that means something else now, in a file that does not change along: a test, perhaps."""
    for path, parts in sorted(by_path.items()):
        for name in sorted({name for part in parts for name in part.change.closed}):
            for other in layout.users(path, name):
                if other not in by_path:
                    return Refusal(f"{other} uses `{name}` too")
    return None


def _assembled(
    path: str,
    parts: Sequence[_Part],
    text: str,
    root: str,
    layout: Layout,
    places: Places,
) -> Assembled | Refusal:
    ours = {place.module for place in places.values() if place.path}
    try:
        return assembled(
            text,
            [part.change for part in parts],
            lines=lambda needs: import_lines(Tree(text), path, needs, parts[0].names, places),
            is_local=lambda module: layout.is_local(root, module) or module in ours,
            is_free=lambda name: not any(True for _ in layout.importers(path, name)),
        )
    except (cst.ParserSyntaxError, SyntaxError, ValueError) as error:
        return Refusal(f"the edited file would not parse ({str(error).splitlines()[0]})")


def _identity(finding: Finding) -> Identity:
    """What a finding is, wherever in its file it stands: edits move lines."""
    return (finding.code, finding.at.path, finding.symbol)
