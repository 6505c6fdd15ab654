"""Every command that the documents show is one that there is, and those marked `run` are run against a platform."""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.cli.main import build_parser
from tests.docs.markdown import DOCUMENTS, FORMATS, REPOSITORY, Document, Snippet, read
from tests.docs.shell import calls, commands

SHOWN = [read(path) for path in DOCUMENTS if path != FORMATS]
SNIPPETS = [snippet for document in SHOWN for snippet in document.snippets]
SHELL = [snippet for snippet in SNIPPETS if snippet.language == "sh"]
PYTHON = [snippet for snippet in SNIPPETS if snippet.language == "python"]
RUNNABLE = [document for document in SHOWN if any("run" in snippet.words for snippet in document.snippets)]
LANGUAGES = {"sh", "python", "text"}
WORDS = {"sh": {"run", "needs-curl"}, "python": {"run"}, "text": {"layers"}}
# What a snippet may call besides what lies in the environment that make builds.
OTHERS = {"intaglio", "make", "python", "curl", "export", "grep", "printf", "sleep", "umask"}
TIMEOUT_S = 150.0


def _named(snippet: Snippet) -> str:
    return snippet.name


@pytest.mark.parametrize("snippet", SNIPPETS, ids=_named)
def test_a_snippet_says_what_it_is(snippet: Snippet) -> None:
    """A block without a language, or with a misspelt mark, would be checked by nothing."""
    assert snippet.language in LANGUAGES
    assert set(snippet.words) <= WORDS[snippet.language]


@pytest.mark.parametrize("snippet", SHELL, ids=_named)
def test_each_line_calls_something_that_there_is(snippet: Snippet) -> None:
    """Our own command parses with its real parser, make has the target, and nothing else is called but a few known programs."""
    parser = build_parser()
    for line in snippet.commands:
        for arguments in calls(line, "intaglio"):
            parser.parse_args(arguments)
        targets = [target for arguments in calls(line, "make") for target in arguments]
        assert set(targets) <= make_targets(), line
        programs = {words[0] for words in commands(line)} - OTHERS
        assert all(program.startswith(".venv/bin/") and (REPOSITORY / program).exists() for program in programs), line


@pytest.mark.parametrize("snippet", PYTHON, ids=_named)
def test_python_compiles(snippet: Snippet) -> None:
    """Also what is not run."""
    compile(snippet.text, snippet.name, "exec")


def test_commands_in_prose_parse_too() -> None:
    """`intaglio …` between backticks: noun, verb and options exist, whatever arguments are left out."""
    unknown = [span for document in SHOWN for span in document.spans if span.startswith("intaglio ") and not _is_a_call(span)]
    assert not unknown


def test_targets_in_prose_exist() -> None:
    """`make …` between backticks."""
    targets = {span.split()[1] for document in SHOWN for span in document.spans if re.fullmatch(r"make \w+", span)}
    assert targets
    assert targets <= make_targets()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("document", RUNNABLE, ids=lambda document: str(document.name))
def test_runnable_snippets_run(document: Document, running: Mapping[str, Any], tmp_path: Path) -> None:
    """All of a document in one shell, in order, as a reader would who pastes one after the other."""
    (tmp_path / "data").symlink_to(running["data"])
    (tmp_path / ".venv").symlink_to(sys.prefix)
    has_curl = shutil.which("curl") is not None
    chosen = [item for item in document.snippets if "run" in item.words and (has_curl or "needs-curl" not in item.words)]
    script = "set -euo pipefail\n" + "".join(_step(snippet) for snippet in chosen)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    environment = {"PATH": path, "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    # The script is the repository's own documents.
    done = subprocess.run(  # noqa: S603
        ["bash", "-c", script],  # noqa: S607  as a reader has it
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=TIMEOUT_S,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout[-1500:]}\n{done.stderr[-1500:]}"


def test_the_readme_runs_the_first_steps_of_each_user() -> None:
    """A mark that is lost in an edit would take a user's part out of the test above without a word."""
    readme = read(REPOSITORY / "README.md")
    marked = [snippet for snippet in readme.snippets if "run" in snippet.words]
    lines = [line for snippet in marked if snippet.language == "sh" for line in snippet.commands]
    verbs = {" ".join(arguments[:2]) for line in lines for arguments in calls(line, "intaglio")}
    wanted = {"log show", "log replay", "projection rebuild", "erasure request", "erasure approve", "subject register"}
    assert wanted <= verbs
    assert any("from openai import OpenAI" in snippet.text for snippet in marked)


def make_targets() -> set[str]:
    """The targets of the Makefile."""
    lines = (REPOSITORY / "Makefile").read_text(encoding="utf-8").splitlines()
    return {found[1] for line in lines if (found := re.match(r"([a-z]+):(?!=)", line))}


def _step(snippet: Snippet) -> str:
    begin = f"echo '== {snippet.name}' >&2\n"
    if snippet.language == "python":
        return f"{begin}python - <<'END-OF-SNIPPET'\n{snippet.text}END-OF-SNIPPET\n"
    return begin + snippet.text


def _is_a_call(span: str) -> bool:
    """Whether noun, verb and options exist; what else stands there is a place for an argument."""
    words = span.split()[1:]
    parser = build_parser()
    while (choices := _choices(parser)) and words:
        if words[0] not in choices:
            return False
        parser, words = choices[words[0]], words[1:]
    options = {option for action in parser._actions for option in action.option_strings}
    return all(word in options for word in words if word.startswith("--"))


def _choices(parser: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return action.choices
    return {}
