"""What the documents point to is there: links, paths, names of code, and the layers as they are checked."""

import re
import tomllib
from itertools import chain
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.docs.markdown import DOCUMENTS, FORMATS, REPOSITORY, Document, read

ALL = [read(path) for path in DOCUMENTS]
NAMED = {document.name: document for document in ALL}
PACKAGES = ("events", "keys", "inference", "projections", "audit", "api", "infra")
REQUIRED = {"README.md", "ARCHITECTURE.md", "DECISIONS.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "docs/formats.md"}
_PATH = re.compile(r"(?:\.?[\w*]+/)*[\w*.-]+\.(?:py|avsc|sql|json|toml|md|lock|txt)|(?:\.?\w+/)+\w*|[a-z]+/[\w/]+")
_MADE_BY_A_RUN = re.compile(
    r"^(data|intaglio-setup|credentials|secrets|access|kafka|postgres|openbao|objects|logs)/|^(run|bench)\.json$|^erasure\.json$"
)


def _document(document: Document) -> str:
    return document.name


def test_the_documents_are_there() -> None:
    """Those that the README promises."""
    assert set(NAMED) >= REQUIRED


@pytest.mark.parametrize("document", ALL, ids=_document)
def test_links_lead_somewhere(document: Document) -> None:
    """Relative ones to a file that there is and to a heading in it; others are not checked, so there are none."""
    for target in document.links:
        assert "://" not in target, f"{target}: the documents link to nothing outside"
        file, _, fragment = unquote(target).partition("#")
        path = (document.path.parent / file).resolve() if file else document.path
        assert path.exists(), target
        assert not fragment or fragment in read(path).anchors, target


@pytest.mark.parametrize("document", [document for document in ALL if document.path != FORMATS], ids=_document)
def test_paths_exist(document: Document) -> None:
    """Every path between backticks is a file or folder of this repository."""
    missing = [span for span in document.spans if _is_path(span) and not any(REPOSITORY.glob(span.strip("/")))]
    assert not missing


def test_the_walk_of_architecture_names_files() -> None:
    """Each step of it, and in the order of the steps of an erasure."""
    walk = NAMED["ARCHITECTURE.md"].section("One prompt, from the request to its erasure")
    steps = [line for line in walk.prose if re.match(r"\d+\. ", line)]
    assert [int(line.split(".")[0]) for line in steps] == list(range(1, len(steps) + 1))
    named = [span for span in walk.spans if span.startswith("keys/erasure/steps/") and "__init__" not in span]
    order = ["verify", "fence", "destroy", "read_back", "in_flight", "sweep", "effective"]
    assert named == [f"keys/erasure/steps/{name}.py" for name in order]
    assert len(_files(walk)) > 50


@pytest.mark.parametrize("package", ["api", "events", "inference", "keys", "projections"])
def test_the_walk_enters_every_package(package: str) -> None:
    """A package that the way of the data does not pass is missing from it."""
    walk = NAMED["ARCHITECTURE.md"].section("One prompt, from the request to its erasure")
    assert any(path.startswith(f"{package}/") for path in _files(walk))


def test_layers_are_drawn_as_they_are_checked() -> None:
    """The picture in ARCHITECTURE.md and the contract of import-linter."""
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    drawn = next(snippet for snippet in NAMED["ARCHITECTURE.md"].snippets if "layers" in snippet.words)
    assert drawn.text.splitlines() == layers


def test_names_of_code_exist() -> None:
    """An event, class or constant between backticks is defined somewhere in the product."""
    code = "\n".join(path.read_text(encoding="utf-8") for package in PACKAGES for path in (REPOSITORY / package).rglob("*.py"))
    defined = set(re.findall(r"\bclass (\w+)", code)) | set(re.findall(r"^(\w+)(?:: .*)? = ", code, re.MULTILINE))
    spans = set(chain.from_iterable(document.spans for document in ALL if document.path != FORMATS))
    named = {span for span in spans if re.fullmatch(r"(?:[A-Z][a-z]+){2,}|[A-Z]+_?[A-Z_]+", span)}
    variables = set(re.findall(r"INTAGLIO_[A-Z_]+", code))
    variables |= {f"{name}_FILE" for name in variables}
    files = {path.stem for path in REPOSITORY.iterdir()}
    assert named - defined - variables - files - {"NAME_FILE"} == set()


def test_settings_of_operating_are_all_there() -> None:
    """Each variable that the code reads is in the table, by its name or by its secret's."""
    code = (REPOSITORY / "infra" / "settings.py").read_text(encoding="utf-8")
    read_there = set(re.findall(r'"(INTAGLIO_[A-Z_]+)"', code))
    assert read_there <= set(NAMED["docs/operating.md"].spans)


@pytest.mark.parametrize("document", ALL, ids=_document)
def test_documents_name_no_place_of_their_making(document: Document) -> None:
    """No path of somebody's machine, no number of a tracker, no host on which packages lie."""
    text = document.path.read_text(encoding="utf-8")
    assert not re.findall(r"(?<![\w.])/(?:home|work|root|tmp)/\S*|\bissue #?\d+|\b\w+\.pythonhosted\.org|\bpypi\.org", text)


def _is_path(span: str) -> bool:
    return bool(_PATH.fullmatch(span)) and not _MADE_BY_A_RUN.match(span) and span != "__init__.py"


def _files(document: Document) -> set[str]:
    return {span for span in document.spans if _is_path(span) and Path(span).suffix}
