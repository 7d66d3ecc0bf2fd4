"""YAML with places, from PyYAML's event stream. The only module that imports yaml, and only when it must.

``yaml.compose`` with the C parser crashes the interpreter on deeply nested input, so the tree is built here,
with a cap on its depth. Aliases share their node, so that a bomb of them is as small as its text; an alias
to something that is not finished yet would make a circle and becomes an empty node.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lcmemlint.deploy.nodes import MAX_DEPTH, MAX_NODES, NOTHING, Node, TooDeep

if TYPE_CHECKING:
    import yaml

Complaint = tuple[int, int, str]
"""Line, column and text of what is wrong."""


def yaml_documents(text: str) -> tuple[tuple[Node, ...], Complaint | None]:
    """All documents up to the first fault, and that fault."""
    import yaml

    loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    documents: list[Node] = []
    try:
        events = yaml.parse(text, Loader=loader)
        builder = _Builder(events)
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                builder.anchors.clear()
                documents.append(builder.node(next(events), 0))
    except TooDeep as fault:
        return tuple(documents), (fault.line, 0, str(fault))
    except yaml.YAMLError as fault:
        return tuple(documents), _complaint(fault)
    return tuple(documents), None


def _complaint(fault: Exception) -> Complaint:
    """Where a YAML error is, and its one-line reason."""
    mark: yaml.Mark | None = getattr(fault, "problem_mark", None)
    reason = getattr(fault, "problem", None) or str(fault).splitlines()[0]
    return (mark.line + 1, mark.column, f"not YAML: {reason}") if mark else (0, 0, f"not YAML: {reason}")


class _Builder:
    """Nodes out of events; ``anchors`` are those of the document at hand."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self.events = events
        self.anchors: dict[str, Node] = {}
        self.count = 0

    def node(self, event: yaml.Event, depth: int) -> Node:
        """The node that begins with this event."""
        import yaml

        self.count += 1
        mark = event.start_mark
        line, column = (mark.line + 1, mark.column) if mark else (0, 0)
        if depth > MAX_DEPTH:
            raise TooDeep(line, f"nested more than {MAX_DEPTH} levels deep")
        if self.count > MAX_NODES:
            raise TooDeep(line, f"more than {MAX_NODES} values")
        if isinstance(event, yaml.AliasEvent):
            return self.anchors.get(event.anchor or "", NOTHING)
        if isinstance(event, yaml.ScalarEvent):
            tag = _own_tag(event.tag)
            found = Node("text", line, column, text=event.value, tag=tag, style=event.style or "")
        elif isinstance(event, yaml.SequenceStartEvent):
            found = Node("list", line, column, tag=_own_tag(event.tag), items=tuple(self.items(depth)))
        elif isinstance(event, yaml.MappingStartEvent):
            found = Node("map", line, column, tag=_own_tag(event.tag), entries=tuple(self.entries(depth)))
        else:
            return NOTHING
        if event.anchor:
            self.anchors[event.anchor] = found
        return found

    def items(self, depth: int) -> Iterator[Node]:
        """What stands in a list, up to its end."""
        import yaml

        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            yield self.node(event, depth + 1)

    def entries(self, depth: int) -> Iterator[tuple[Node, Node]]:
        """What stands in a mapping, up to its end."""
        import yaml

        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.node(event, depth + 1)
            yield key, self.node(next(self.events), depth + 1)


def _own_tag(tag: str | None) -> str:
    """A custom tag; those of YAML itself say nothing that the scalar does not."""
    return "" if tag is None or tag == "!" or tag.startswith("tag:yaml.org,2002:") else tag
