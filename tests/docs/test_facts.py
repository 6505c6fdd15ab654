"""Numbers, codes and names that the documents repeat are those of the code."""

import re
from pathlib import Path

from api.parts import ApiLimits
from events.catalogue import EVENT_TYPES
from events.topics import ALL as TOPICS
from infra.settings import Environment
from infra.setup.openbao_policies import PROCESS_POLICIES
from keys.directory import SUPPRESSION_DAYS
from keys.erasure.grounds import GROUNDS, READING_GROUNDS
from keys.opening import KEY_LIFE_S
from tests.docs.markdown import REPOSITORY, Document, read

ARCHITECTURE = read(REPOSITORY / "ARCHITECTURE.md")
DECISIONS = read(REPOSITORY / "DECISIONS.md")
CLIENT, AUDITOR, OFFICER, OPERATING = (
    read(REPOSITORY / "docs" / f"{name}.md") for name in ("client", "auditor", "officer", "operating")
)


def _code(folder: str) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted((REPOSITORY / folder).rglob("*.py")))


def _rows(document: Document) -> list[str]:
    return [line for line in document.prose if line.startswith("| ")]


def test_decisions_are_numbered_and_each_has_its_price() -> None:
    """A number is a name: none is missing, none is there twice."""
    decisions = re.split(r"\n(?=\*\*\d+\. )", "\n".join(DECISIONS.prose))[1:]
    assert [int(decision[2:].split(".")[0]) for decision in decisions] == list(range(1, len(decisions) + 1))
    assert not [decision for decision in decisions if "Price:" not in decision]


def test_the_processes_are_those_that_write() -> None:
    """The table of ARCHITECTURE.md and the writers of the catalogue."""
    section = ARCHITECTURE.section("The idea in one page")
    named = {found[1] for line in _rows(section) if (found := re.match(r"\| `(\w+)` \|", line))}
    assert named == {kind.writer for kind in EVENT_TYPES}


def test_the_topics_are_all_named() -> None:
    """An auditor who misses one misses a part of the record."""
    assert {span for span in AUDITOR.spans if span.startswith("intaglio.")} == {topic.name for topic in TOPICS}


def test_the_limits_of_the_client_guide_hold() -> None:
    """Of sizes, steps and prompts."""
    limits, fields = ApiLimits(), "\n".join(_rows(CLIENT.section("OpenAI's API")))
    assert f"1 to {limits.most_prompt_characters:,} characters" in fields
    assert f"a multiple of 8 from {limits.least_side_px} to {limits.most_side_px}" in fields
    assert f"steps 1 to {limits.most_steps}" in fields


def test_the_problem_types_exist() -> None:
    """Each `type` that a client may wait for is one that an answer can have."""
    rows = [line for line in _rows(CLIENT.section("The native API")) if re.match(r"\| [45]\d\d ", line)]
    codes = {code for line in rows for code in re.findall(r"`([a-z_-]+)`", line.split("|")[2])}
    defined = {code for folder in ("api", "events", "keys") for code in re.findall(r'code = "([a-z_-]+)"', _code(folder))}
    assert len(codes) > 8
    assert codes <= defined


def test_the_reasons_of_a_stop_are_all_explained() -> None:
    """An officer who reads one in `stopped_reason` finds it in the guide."""
    reasons = set(re.findall(r'Stop\("([a-z-]+)"\)', _code("keys/erasure/steps")))
    assert reasons
    assert reasons <= set(OFFICER.spans)


def test_the_grounds_for_reading_are_named() -> None:
    """And no ground that there is not."""
    named = {span for span in OFFICER.spans if span in GROUNDS or re.fullmatch(r"gdpr-[\w-]+", span)}
    assert named <= set(GROUNDS)
    assert named >= READING_GROUNDS


def test_the_times_are_those_of_the_code() -> None:
    """The life of a key, and how long a tombstone refuses."""
    assert f"For {SUPPRESSION_DAYS} days" in "\n".join(OFFICER.prose)
    assert Environment({}).key_life_s() == KEY_LIFE_S
    row = next(line for line in _rows(OPERATING) if "INTAGLIO_KEY_LIFE_S" in line)
    assert f"default {KEY_LIFE_S:g}" in row


def test_only_the_processes_with_an_identity_can_be_said_to_read_keys() -> None:
    """SECURITY.md says that dispatch and project have none in OpenBao."""
    text = Path(REPOSITORY / "SECURITY.md").read_text(encoding="utf-8")
    without = {found[1] for found in re.finditer(r"\| a captured `(\w+)` \|[^\n]*has no identity in OpenBao", text)}
    assert without == {kind.writer for kind in EVENT_TYPES} - set(PROCESS_POLICIES)
