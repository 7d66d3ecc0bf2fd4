"""Carries out fixes: texts are fixed and proven first (``rounds``), then written (``disk``)."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from pathlib import Path

from lcmemlint.findings import Finding
from lcmemlint.fixes import dependencies
from lcmemlint.fixes.disk import Disk
from lcmemlint.fixes.generated import GENERATED
from lcmemlint.fixes.outcomes import Failed, Fixed, FixResult, Note, Outcome, Refused
from lcmemlint.fixes.rounds import Fixing
from lcmemlint.fixes.supply import Supply

_NOT_OURS = frozenset({"node_modules", "site-packages", "__pycache__", "venv", "env", "build", "dist"})


def fix_files(
    root: Path,
    findings: Sequence[Finding],
    *,
    unsafe: bool,
    relint: Callable[[Mapping[str, str]], Sequence[Finding]],
    write: bool,
    read: Callable[[str], bytes] | None = None,
    files: Iterable[str] | None = None,
    factory: str = "",
    unsaved: Container[str] = (),
    add_packages: bool = False,
) -> FixResult:
    """Fix what can be fixed of ``findings``; write it if ``write``, else only tell what would change.

    ``relint`` lints the whole project with these texts (by path) in place of, or in addition to, the files on
    disk and returns all findings of a default run; texts have no byte order mark and the file's own newlines.
    ``read`` gives the bytes that were linted (by default those on disk); ``files`` are the project's Python
    files, relative to ``root`` with ``/`` (by default all below it). ``factory`` is the project's own
    ``module:function`` that takes the place of ``chat_history``. ``unsaved`` are files that an editor holds with
    other bytes than the disk's; only a run that does not write may have them. ``add_packages`` adds what
    the repairs need to the project's own dependencies.
    """
    disk = Disk(root, read)
    known = frozenset(files if files is not None else _python_files(root))
    fixing = Fixing(known, disk.text, relint, unsafe, Supply(factory))
    fixing.run(findings)
    outcomes: list[Outcome] = [*fixing.refused, *fixing.failed.values()]
    outcomes += _outcomes(disk, fixing, () if write else unsaved, write=write)
    changed = [outcome for outcome in outcomes if isinstance(outcome, Fixed)]
    notes = _notes(changed)
    if add_packages and not any(isinstance(outcome, Failed) for outcome in outcomes):
        declared = dependencies.added([each.path for each in changed], notes, disk.bytes_of)
        written = [_written(disk, path, text, write=write) for path, text in sorted(declared.texts.items())]
        outcomes += written
        changed += [each for each in written if isinstance(each, Fixed)]
        notes = _still_to_do(notes, declared)
    failed = {outcome.path for outcome in outcomes if isinstance(outcome, Failed)}
    return FixResult(
        outcomes=tuple(sorted(outcomes, key=_order)),
        diff="".join(disk.diff(each) for each in sorted(changed, key=lambda each: each.path)),
        fixed=tuple(each for each in fixing.fixed if _is_written(each, failed)),
        notes=notes,
    )


def _is_written(finding: Finding, failed: Collection[str]) -> bool:
    """Whether the repair reached the disk; what went with other repairs did only if all of them did."""
    return finding.fix.path not in failed if finding.fix is not None else not failed


def _order(outcome: Outcome) -> tuple[str, int, int, int, str]:
    if isinstance(outcome, Refused):
        at = outcome.finding.at
        return (outcome.path, 1, at.span.line, at.span.column, outcome.finding.code)
    return (outcome.path, 0 if isinstance(outcome, Fixed) else 2, 0, 0, "")


def _notes(changed: Iterable[Fixed]) -> tuple[Note, ...]:
    """What the generated modules need that this run makes."""
    made = {each.path.rpartition("/")[2].removesuffix(".py") for each in changed if each.old is None}
    found = [note for module in GENERATED if made & set(module.stems) for note in module.notes]
    return tuple(dict.fromkeys(found))


def _still_to_do(notes: tuple[Note, ...], declared: dependencies.Added) -> tuple[Note, ...]:
    """The notes without the packages that are declared now, with what that leaves to do."""
    left = [note for note in notes if note.name not in (*declared.packages, *declared.present)]
    left += [Note("remark", reason, "") for reason in declared.reasons]
    if declared.packages:
        left.append(
            Note(
                "remark",
                f"install {', '.join(declared.packages)}, and renew the lock file if there is one",
                "",
            )
        )
    return tuple(left)


def _written(disk: Disk, path: str, text: str, *, write: bool) -> Fixed | Failed:
    new = text.encode("utf-8")
    try:
        if write:
            disk.write(path, new)
    except OSError as error:
        return Failed(path, _reason(error))
    return Fixed(path, disk.old(path), new)


def _outcomes(disk: Disk, fixing: Fixing, unsaved: Container[str], *, write: bool) -> list[Outcome]:
    """Generated modules first: a file that imports one is written only when that one stands."""
    found: list[Outcome] = []
    lost = ""
    for path in sorted(fixing.texts, key=lambda path: (path not in fixing.created, path)):
        try:
            if lost:
                raise OSError(f"not written, because {lost} could not be written")
            new = disk.encoded(path, fixing.texts[path])
            if write:
                disk.write(path, new)
            elif path not in unsaved:
                disk.check(path, new)
            found.append(Fixed(path, disk.old(path), new))
        except (OSError, ValueError) as error:
            found.append(Failed(path, _reason(error)))
            if path in fixing.created:
                lost = path
    return found


def _reason(error: Exception) -> str:
    return (
        (error.strerror if isinstance(error, OSError) and error.strerror else None)
        or str(error)
        or type(error).__name__
    )


def _python_files(root: Path) -> list[str]:
    """The project's Python files; hidden folders, environments and build output are not the project's."""
    found: list[str] = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in _NOT_OURS
            and not os.path.exists(os.path.join(folder, name, "pyvenv.cfg"))
        )
        here = Path(folder).relative_to(root)
        found += [(here / name).as_posix() for name in sorted(names) if name.endswith(".py")]
    return found
