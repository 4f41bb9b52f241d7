"""Rules as a YAML file: read with the line of everything that is wrong, and written again.

YAML takes a key that is there twice in silence, the last one wins; and with anchors a file of ten
lines can stand for millions. Both are refused, and so are tags: what is there is what it looks like.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from pathlib import Path as FilePath
from typing import Any, Literal, NamedTuple, TypeVar

import msgspec
import yaml

from models.campaigns.document import OfferRules
from models.line.document import LineRules
from models.problems import Path
from streams.documents import Document

_MOST_DEPTH = 50
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's, where it is there: ten times as fast."""
_MERGE = "tag:yaml.org,2002:merge"


class Mistake(NamedTuple):
    """What is wrong with a file, and in which line (from 1; 0: with all of it)."""

    line: int
    message: str


T = TypeVar("T")


def read(file: FilePath, document: Document[T]) -> T | tuple[Mistake, ...]:
    """Return the rules in a file, or all that is wrong with it; `OSError` if it cannot be read."""
    return parse(file.read_bytes(), document)


def parse(raw: bytes, document: Document[T]) -> T | tuple[Mistake, ...]:
    """Return the rules that the bytes of a file say, or all that is wrong with them."""
    most = document.max_file_bytes
    if len(raw) > most:
        return (Mistake(0, f"{len(raw):,} bytes are too many; {most:,} may be."),)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return (Mistake(line, "is not UTF-8, which the file must be in"),)
    try:
        return _parse(text, document)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"column {mark.column + 1}: " if mark else ""
        why = ", ".join(filter(None, (error.context, error.problem)))
        return (Mistake(mark.line + 1 if mark else 0, f"{where}{why}"),)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return (Mistake(line, "has a character that YAML does not allow"),)


def _parse(text: str, document: Document[T]) -> T | tuple[Mistake, ...]:
    # As yaml.safe_load does it, with a look at the nodes in between: only they know of lines.
    deep = _too_deep(text)
    if deep is not None:
        return (deep,)
    loader = _LOADER(text)
    try:
        node = loader.get_single_node()
        form = _Form()
        if node is not None:
            form.look(node, ())
        if form.mistakes:
            return tuple(sorted(form.mistakes))
        plain = None if node is None else loader.construct_document(node)
    finally:
        loader.dispose()
    found = document.checked(plain)
    if not isinstance(found, tuple):
        return found
    return tuple(sorted(Mistake(form.line_of(each.path), str(each)) for each in found))


def _too_deep(text: str) -> Mistake | None:
    """Return what is wrong with a file that is nested deeper than rules are: libyaml would overrun its stack."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _MOST_DEPTH:
            mark = event.start_mark
            return Mistake(mark.line + 1 if mark else 0, "is nested too deep")
    return None


class _Form:
    """Looks at how the file is written; what it says is for the checker."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []
        self._lines: dict[Path, int] = {}
        self._seen: set[int] = set()

    def line_of(self, path: Path) -> int:
        """Return the line that a path is in, or the nearest part of it that is there."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 0)

    def look(self, node: yaml.Node, path: Path) -> None:
        """Note the lines below a node, and what may not be there."""
        line = node.start_mark.line + 1
        if id(node) in self._seen:
            self._note(line, "what is marked here with & is used again with *: write it out again")
            return
        self._seen.add(id(node))
        if not _is_plain(node):
            tag = node.tag.replace("tag:yaml.org,2002:", "!!")
            self._note(line, f"is marked as {tag}, and marks and merges have no place here")
        elif isinstance(node, yaml.MappingNode):
            self._mapping(node, path)
        elif isinstance(node, yaml.SequenceNode):
            for place, own in enumerate(node.value):
                self._lines[*path, place] = own.start_mark.line + 1
                self.look(own, (*path, place))
        elif (why := _impossible(node)) is not None:
            self._note(line, f"{node.value[:40]!r} cannot be: {why}")

    def _mapping(self, node: yaml.MappingNode, path: Path) -> None:
        first: dict[Any, int] = {}
        for key, own in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self._note(line, "a key must be text")
                continue
            self.look(key, path)
            if key.value in first:
                self._note(
                    line, f"the key {key.value!r} is there twice, in line {first[key.value]} too"
                )
            first.setdefault(key.value, line)
            self._lines[*path, key.value] = line
            self.look(own, (*path, key.value))

    def _note(self, line: int, message: str) -> None:
        self.mistakes.append(Mistake(line, message))


_resolve: Callable[..., str] = yaml.resolver.Resolver().resolve


def _is_plain(node: yaml.Node) -> bool:
    """Return whether a node is what it looks like: no tag says otherwise, and it is no merge."""
    if isinstance(node, yaml.ScalarNode):
        implicit = (False, True) if node.style else (True, False)
        return node.tag == _resolve(yaml.ScalarNode, node.value, implicit) != _MERGE
    return node.tag == _resolve(type(node), None, (True, False))


def _impossible(node: yaml.Node) -> str | None:
    """Return why a value that looks like a time or a number is none, such as the 30th of February."""
    try:
        yaml.constructor.SafeConstructor().construct_object(node)
    except ValueError as error:
        return str(error)
    return None


_KINDS: dict[str, Literal["offers", "line"]] = {
    **dict.fromkeys(LineRules.__struct_fields__, "line"),
    **dict.fromkeys(OfferRules.__struct_fields__, "offers"),
}
"""Which rules have an outermost key."""
_FEW = 20
"""So many keys that nobody knows are compared with known ones."""


def kind_of(file: FilePath) -> Literal["offers", "line"]:
    """Return which rules a file seems to have, by its keys; the offers' if that is not clear.

    If no key is known, the first that is nearly one counts. The file may be no proper YAML: what comes
    before the mistake counts.
    """
    unknown: list[str] = []
    try:
        text = file.read_bytes().decode("utf-8-sig", "replace")
        for key in _outermost_keys(text):
            if key in _KINDS:
                return _KINDS[key]
            unknown.append(key)
    except (OSError, yaml.YAMLError):
        pass  # whoever checks the file says it
    for key in unknown[:_FEW]:
        for near in get_close_matches(key, _KINDS, 1):
            return _KINDS[near]
    return "offers"


def _outermost_keys(text: str) -> Iterator[str]:
    """Yield the keys of the document itself, in their order."""
    depth, is_key = 0, False
    for event in yaml.parse(text, yaml.SafeLoader):
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.NodeEvent):
            if depth == 1:
                is_key = not is_key
                if is_key and isinstance(event, yaml.ScalarEvent):
                    yield event.value
            depth += isinstance(event, yaml.CollectionStartEvent)


def written(rules: Any) -> str:
    """Return rules as a YAML file that says the same."""
    plain = msgspec.to_builtins(rules)
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100)


def lines(mistakes: tuple[Mistake, ...], name: str) -> Iterator[str]:
    """Say mistakes as compilers do, for editors to jump to: ``offers.yaml:14: …``."""
    for line, message in mistakes:
        yield f"{name}:{line}: {message}" if line else f"{name}: {message}"
