"""Each package says in its first lines what belongs there, what does not, and what must never happen there."""

import ast
from pathlib import Path

import pytest

from tests.docs.markdown import REPOSITORY

PACKAGES = ("events", "keys", "inference", "projections", "audit", "api", "infra")
FOLDERS = sorted({path.parent for package in PACKAGES for path in (REPOSITORY / package).rglob("*.py")})


def _name(folder: Path) -> str:
    return folder.relative_to(REPOSITORY).as_posix()


@pytest.mark.parametrize("folder", FOLDERS, ids=_name)
def test_a_package_says_what_it_is(folder: Path) -> None:
    """In this order, in the docstring of its `__init__.py`, and no line is cut in the middle of a sentence for its width."""
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    marks = [text.find(mark) for mark in ("What belongs here:", "What does not:", "Never:")]
    assert -1 not in marks
    assert marks == sorted(marks)
    assert text.splitlines()[0].endswith((".", ":"))
    paragraphs = [part.splitlines() for part in text.split("\n\n")]
    assert all(len(line) > 60 for lines in paragraphs for line in lines[:-1])
