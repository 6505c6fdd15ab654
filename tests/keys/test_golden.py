"""The formats are fixed: the same inputs give the same bytes in every release, the docs show them, and others can recompute them.

The readers here share no code with the product. They are written from `docs/formats.md` alone, as an auditor would.
"""

import hashlib
import hmac
import json
import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from keys.blob import decode_blob, encode_blob, open_page
from keys.sealed import unseal
from keys.tree import Node
from tests.keys.builders import EXPECTED, NOVEMBER, ROOT, SUBJECT, TENANT, opened
from tests.keys.vectors import CONTENT, PAGE_KEY, PATH, SALT, all_vectors

REPOSITORY = Path(__file__).parents[2]
GOLDEN = REPOSITORY / "tests" / "golden" / "keys"
NAMES = sorted(path.stem for path in GOLDEN.glob("*.json"))


def golden(name: str) -> dict[str, Any]:
    """The vectors of one format as they were first written down."""
    found: dict[str, Any] = json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))
    return found


def texts(value: Any) -> list[str]:
    """Every text in a vector."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts(item)]
    return [text for item in value for text in texts(item)] if isinstance(value, list) else []


def test_there_is_a_vector_for_every_format() -> None:
    """None is lost by renaming a file."""
    assert sorted(all_vectors()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_code_still_makes_the_same_bytes(name: str) -> None:
    """Whoever changes a format has to write a new version of it beside the old."""
    assert json.loads(json.dumps(all_vectors()[name])) == golden(name)


@pytest.mark.parametrize("name", NAMES)
def test_the_docs_show_the_same_bytes(name: str) -> None:
    """The text is the specification; it must not say something else than the code."""
    shown = re.sub(r"\s", "", (REPOSITORY / "docs" / "formats.md").read_text("utf-8"))
    long = [text for text in texts(golden(name)) if len(text) >= 32]
    assert long
    assert [text for text in long if text not in shown] == []


def test_old_blobs_and_pages_still_open() -> None:
    """Bytes that lie in key stores."""
    blob, page = golden("blob"), golden("page")
    for text in (blob["without pages"], blob["with a page"]):
        assert encode_blob(decode_blob(bytes.fromhex(text))).hex() == text
    (entry,) = decode_blob(bytes.fromhex(blob["with a page"])).pages
    (frontier,) = open_page(PATH, entry, bytes.fromhex(page["ciphertext"])).values()
    assert frontier == (Node(0, 0, ROOT),)


def test_old_objects_still_open() -> None:
    """Bytes that lie in object stores and in the log."""
    assert unseal(opened(), EXPECTED, bytes.fromhex(golden("sealed")["object"])) == CONTENT


def test_a_leaf_can_be_recomputed_from_the_text() -> None:
    """Path bits from the highest to the lowest, depth and side in the message."""
    for leaf, expected in golden("tree")["leaves"].items():
        seed = bytes(range(32))
        for depth in range(1, 15):
            side = int(leaf) >> (14 - depth) & 1
            seed = hmac.new(seed, b"intaglio/v1/tree\0" + bytes([depth, side]), "sha256").digest()
        assert seed.hex() == expected


def test_a_living_node_derives_the_leaves_below_it() -> None:
    """The frontier without leaf 5 begins with the node over leaves 0 to 3."""
    depth, index, seed_text = golden("tree")["without leaf 5"][0]
    assert (depth, index) == (12, 0)
    seed = bytes.fromhex(seed_text)
    for at in (13, 14):
        seed = hmac.new(seed, b"intaglio/v1/tree\0" + bytes([at, 0]), "sha256").digest()
    assert seed.hex() == golden("tree")["leaves"]["0"]


def test_a_page_can_be_opened_from_the_text() -> None:
    """Key and digest as the head of the vector holds them, zero nonce, associated data from path and id."""
    head = bytes.fromhex(golden("blob")["with a page"])
    entry = head[-(8 + 32 + 32 + 2 + 5) :]
    identity, key, digest = entry[:8], entry[8:40], entry[40:72]
    ciphertext = bytes.fromhex(golden("page")["ciphertext"])
    assert key == PAGE_KEY
    assert hashlib.sha256(ciphertext).digest() == digest
    named = golden("blob")["path"].encode()
    associated = b"intaglio/v1/page\0" + len(named).to_bytes(2, "big") + named + identity
    assert AESGCM(key).decrypt(bytes(12), ciphertext, associated).hex() == golden("page")["plain"]


def test_a_sealed_object_can_be_opened_from_the_text() -> None:
    """With an HKDF of somebody else: salt, context, commitment, key, nonce, length."""
    sealed = bytes.fromhex(golden("sealed")["object"])
    header, body = sealed[:144], sealed[144:]
    blank = header[:100] + bytes(32) + header[132:]
    root = hmac.new(header[68:100], bytes.fromhex(golden("sealed")["leaf"]), "sha256").digest()
    context = hashlib.sha256(blank).digest()

    def expand(label: bytes) -> bytes:
        return HKDFExpand(SHA256(), 32, label + context).derive(root)

    assert expand(b"intaglio/v1/sealed/commitment\0") == header[100:132]
    key = expand(b"intaglio/v1/sealed/encryption\0")
    plain = AESGCM(key).decrypt(header[136:143] + bytes(4) + b"\1", body, None)
    size = int.from_bytes(plain[:8], "big")
    assert plain[8 : 8 + size].hex() == golden("sealed")["content"]
    assert not any(plain[8 + size :])


def test_the_fields_of_a_header_lie_where_the_text_says() -> None:
    """By offset and length."""
    header = bytes.fromhex(golden("sealed")["object"])[:144]
    assert header[:8] == b"ITG1\1\1\0\0"
    assert (header[8:24], header[24:40]) == (TENANT, SUBJECT)
    numbers = [int.from_bytes(header[start:end], "big") for start, end in ((40, 44), (44, 46), (46, 48), (48, 50))]
    assert numbers == [1, NOVEMBER, 0, 5]
    assert (header[50], header[51], header[52:68]) == (2, 2, EXPECTED.object.bytes)
    assert header[68:100] == SALT
    assert header[132:] == (65536).to_bytes(4, "big") + bytes(range(7)) + b"\0"


def test_a_tag_can_be_recomputed_from_the_text() -> None:
    """A key of the leaf for the label, then the content under it."""
    key = hmac.new(ROOT, b"intaglio/v1/tag\0pixels", "sha256").digest()
    assert hmac.new(key, CONTENT, "sha256").hexdigest() == golden("sealed")["tag"]


def test_a_plan_can_be_recomputed_from_the_text() -> None:
    """Sorted keys, no spaces; holds and exceptions sorted as text."""
    zeros = "00000000-0000-0000-0000-00000000000"
    plan = (
        f'{{"exceptions":["{zeros}3"],"ground":"gdpr-17-1-b","holds":["{zeros}1","{zeros}2"],"lifecycle":1,'
        f'"scope":{{"kind":"subject","subject":"{SUBJECT.hex()}"}},"tenant":"{TENANT.hex()}"}}'
    )
    digest = hashlib.sha256(b"intaglio/v1/erasure-plan\0" + plan.encode()).hexdigest()
    assert digest == golden("erasure")["plan with holds"]


def test_a_commitment_can_be_recomputed_from_the_text() -> None:
    """By whoever was given the salt."""
    vector = golden("erasure")
    named = b"maria@example.org"
    whole = b"intaglio/v1/erasure-commitment\0" + bytes.fromhex(vector["salt"]) + len(named).to_bytes(4, "big") + named + SUBJECT
    assert hashlib.sha256(whole).hexdigest() == vector["commitment"]


def test_the_hash_of_an_api_key_can_be_recomputed_from_the_text() -> None:
    """Over the whole text, under the pepper."""
    vector = golden("credentials")
    assert hmac.new(bytes.fromhex(vector["pepper"]), vector["key"].encode(), "sha256").hexdigest() == vector["hash"]
