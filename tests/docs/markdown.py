"""What the documents say, as values: snippets, links, code spans and headings of a Markdown file.

Knows the part of Markdown that the documents use (CommonMark fences, inline links, backticks, ATX headings), and no more.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
FORMATS = REPOSITORY / "docs" / "formats.md"
DOCUMENTS = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])

_FENCE = re.compile(r"^( *)```(.*)$")
_LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
_SPAN = re.compile(r"`([^`]+)`")
_HEADING = re.compile(r"^(#+) (.*)$")


@dataclass(frozen=True)
class Snippet:
    """A fenced block. `words` are what stands behind the language on the opening fence."""

    document: str
    line: int
    language: str
    words: tuple[str, ...]
    text: str

    @property
    def name(self) -> str:
        """Where it is, for the name of a test."""
        return f"{self.document}:{self.line}"

    @property
    def commands(self) -> list[str]:
        """The lines of a shell snippet: continued ones joined, comments and empty ones left out."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]


@dataclass(frozen=True)
class Document:
    """A Markdown file: its snippets, and its prose line by line without them."""

    path: Path
    snippets: tuple[Snippet, ...]
    prose: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its path from the repository's root."""
        return self.path.relative_to(REPOSITORY).as_posix()

    @property
    def links(self) -> list[str]:
        """The targets of its inline links."""
        return [target for line in self.prose for target in _LINK.findall(line)]

    @property
    def spans(self) -> list[str]:
        """What stands between backticks in its prose."""
        return _SPAN.findall(" ".join(self.prose))

    @property
    def anchors(self) -> set[str]:
        """The fragments by which its headings are linked to."""
        headings = (_HEADING.match(line) for line in self.prose)
        return {_anchor(heading[2]) for heading in headings if heading}

    def section(self, title: str) -> "Document":
        """The part below a heading, up to the next one of its level or above.

        Raises:
            KeyError: there is no such heading.
        """
        levels = [
            (number, len(heading[1]), heading[2]) for number, line in enumerate(self.prose) if (heading := _HEADING.match(line))
        ]
        for index, (first, level, found) in enumerate(levels):
            if found == title:
                after = (number for number, other, _ in levels[index + 1 :] if other <= level)
                return Document(self.path, (), self.prose[first : next(after, len(self.prose))])
        raise KeyError(title)


def read(path: Path) -> Document:
    """The document of a file.

    Raises:
        ValueError: a fence is left open.
    """
    snippets: list[Snippet] = []
    prose: list[str] = []
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    name = path.relative_to(REPOSITORY).as_posix()
    for number, line in lines:
        fence = _FENCE.match(line)
        if fence is None:
            prose.append(line)
            continue
        words = fence[2].split()
        body = list(_until_closed(lines, len(fence[1])))
        snippets.append(Snippet(name, number, "".join(words[:1]), tuple(words[1:]), "\n".join(body) + "\n"))
    return Document(path, tuple(snippets), tuple(prose))


def _until_closed(lines: Iterator[tuple[int, str]], indent: int) -> Iterator[str]:
    for _, line in lines:
        if line.strip() == "```":
            return
        yield line[indent:]
    raise ValueError("a fence is left open")


def _anchor(heading: str) -> str:
    """As the usual renderers make it: lower case, letters, digits, hyphens; spaces become hyphens."""
    kept = "".join(letter for letter in heading.lower() if letter.isalnum() or letter in " -_")
    return kept.replace(" ", "-")
