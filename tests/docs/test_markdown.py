"""The reading of documents: what it would miss, no other test here could find."""

from pathlib import Path

import pytest

from tests.docs import markdown
from tests.docs.markdown import read
from tests.docs.shell import calls

TEXT = """# A title, `quoted`

See [there](other.md#part) and `one` `two words`.

```sh run needs-x
# a comment
first --a \\
  --b
```

## Part

1. In a list

   ```python
   print(1)
   ```

### Below

prose

## Next
"""


@pytest.fixture
def document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> markdown.Document:
    """A file with everything that the documents use."""
    monkeypatch.setattr(markdown, "REPOSITORY", tmp_path)
    (tmp_path / "a.md").write_text(TEXT, encoding="utf-8")
    return read(tmp_path / "a.md")


def test_snippets_have_language_marks_and_place(document: markdown.Document) -> None:
    """Also those that are indented below a list, without their indentation."""
    found = [(snippet.name, snippet.language, snippet.words) for snippet in document.snippets]
    assert found == [("a.md:5", "sh", ("run", "needs-x")), ("a.md:15", "python", ())]
    assert document.snippets[1].text == "print(1)\n"


def test_commands_are_whole_lines_without_comments(document: markdown.Document) -> None:
    """A continued line is one command."""
    assert [" ".join(line.split()) for line in document.snippets[0].commands] == ["first --a --b"]


def test_prose_has_links_spans_and_anchors(document: markdown.Document) -> None:
    """And nothing of the snippets."""
    assert document.links == ["other.md#part"]
    assert document.spans == ["quoted", "one", "two words"]
    assert document.anchors == {"a-title-quoted", "part", "below", "next"}


def test_a_section_ends_at_the_next_heading_of_its_level(document: markdown.Document) -> None:
    """Headings below it belong to it."""
    assert [line for line in document.section("Part").prose if line] == ["## Part", "1. In a list", "### Below", "prose"]
    with pytest.raises(KeyError):
        document.section("Nowhere")


def test_an_open_fence_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything behind it would be taken for a snippet."""
    monkeypatch.setattr(markdown, "REPOSITORY", tmp_path)
    (tmp_path / "a.md").write_text("```sh\nx\n", encoding="utf-8")
    with pytest.raises(ValueError, match="open"):
        read(tmp_path / "a.md")


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        ("make up  # a comment", []),
        ("intaglio log show --raw > f.ndjson", [["log", "show", "--raw"]]),
        (".venv/bin/intaglio status", [["status"]]),
        ("X=$(intaglio erasure list | awk '{print}')", [["erasure", "list"]]),
        ('until intaglio erasure show "$E" | grep -q x; do sleep 1; done', [["erasure", "show", "$E"]]),
        ("NAME=1 intaglio up && intaglio down", [["up"], ["down"]]),
        ("echo intaglio down", []),
    ],
)
def test_calls_are_found_wherever_they_stand(line: str, arguments: list[list[str]]) -> None:
    """In a pipe, a substitution, a loop, behind an assignment; not as another command's argument."""
    assert calls(line, "intaglio") == arguments
