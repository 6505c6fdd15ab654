"""The golden vectors of the key formats: fixed inputs, and what the code makes of them; `docs/formats.md` shows the same."""

from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch
from uuid import UUID

from events.identifiers import CredentialHandle, Month
from keys.blob import Blob, TreeId, blob_path, encode_blob, seal_page
from keys.blob.contents import encode_trees
from keys.coordinates import Purpose
from keys.credentials import hash_api_key
from keys.directory import DirectoryEntry, entry_data, tombstone_data
from keys.erasure.commitment import commitment
from keys.erasure.plan import Plan
from keys.padding import padded_size_bytes
from keys.sealed import keyed_tag, seal
from keys.tree import derive, fresh, puncture
from tests.keys.builders import EXPECTED, NOVEMBER, ROOT, SUBJECT, TENANT, opened

SALT, PREFIX = bytes(range(64, 96)), bytes(range(7))
PAGE_ID, PAGE_KEY = bytes.fromhex("0000000701020304"), bytes(range(128, 160))
PATH = blob_path(TENANT, SUBJECT, 1)
DIRECTORY_PATH = f"{TENANT.hex()}/{bytes(range(160, 192)).hex()}"
CONTENT = b"A lighthouse at night"
ROOTS = {TreeId(NOVEMBER, 0, purpose): bytes([purpose]) * 32 for purpose in Purpose}


def all_vectors() -> dict[str, dict[str, Any]]:
    """By format; bytes are hexadecimal."""
    return {
        "tree": _tree(),
        "blob": _blob(),
        "page": _page(),
        "sealed": _sealed(),
        "directory": _directory(),
        "erasure": _erasure(),
        "credentials": _credentials(),
    }


def _tree() -> dict[str, Any]:
    frontier = puncture(fresh(ROOT), 5)
    keys = {str(leaf): bytes(derive(fresh(ROOT), leaf) or b"").hex() for leaf in (0, 5, 16383)}
    nodes = [[node.depth, node.index, node.seed.hex()] for node in frontier]
    return {"root": ROOT.hex(), "leaves": keys, "without leaf 5": nodes}


def _blob() -> dict[str, Any]:
    trees = {tree: fresh(root) for tree, root in ROOTS.items()}
    blob = Blob(DIRECTORY_PATH, 7, {(NOVEMBER, 0): 17}, trees)
    page, _ = seal_page(PATH, PAGE_ID, PAGE_KEY, _old_trees())
    paged = Blob(DIRECTORY_PATH, 7, {(Month(NOVEMBER - 1), 0): 16384, (NOVEMBER, 0): 17}, trees, (page,))
    return {"path": PATH, "without pages": encode_blob(blob).hex(), "with a page": encode_blob(paged).hex()}


def _page() -> dict[str, Any]:
    page, ciphertext = seal_page(PATH, PAGE_ID, PAGE_KEY, _old_trees())
    plain = encode_trees(_old_trees()).hex()
    return {"plain": plain, "ciphertext": ciphertext.hex(), "sha256": page.sha256.hex()}


def _old_trees() -> dict[TreeId, Any]:
    return {TreeId(Month(NOVEMBER - 1), 0, Purpose.MEDIA): fresh(ROOT)}


def _sealed() -> dict[str, Any]:
    with patch("keys.sealed.secrets.token_bytes", side_effect=[SALT, PREFIX]):
        sealed = seal(opened(), EXPECTED, CONTENT)
    sizes = {str(size): padded_size_bytes(size) for size in (9, 100, 1000, 65537, 1000000)}
    tag = keyed_tag(opened(), b"pixels", CONTENT).hex()
    return {"leaf": ROOT.hex(), "content": CONTENT.hex(), "object": sealed.hex(), "tag": tag, "padded": sizes}


def _directory() -> dict[str, Any]:
    until = datetime(2026, 12, 24, 12, tzinfo=UTC)
    return {"path": DIRECTORY_PATH, "entry": entry_data(DirectoryEntry(SUBJECT, 2)), "tombstone": tombstone_data(2, until)}


def _erasure() -> dict[str, Any]:
    plain = Plan(TENANT, SUBJECT, 1, "gdpr-17-1-b")
    held = Plan(TENANT, SUBJECT, 1, "gdpr-17-1-b", (UUID(int=2), UUID(int=1)), (UUID(int=3),))
    committed = commitment(SALT, "maria@example.org", SUBJECT)
    return {"plan": plain.digest.hex(), "plan with holds": held.digest.hex(), "salt": SALT.hex(), "commitment": committed.hex()}


def _credentials() -> dict[str, Any]:
    key = f"itg_{CredentialHandle(bytes(range(16))).hex()}_{'A' * 43}"
    return {"pepper": ROOT.hex(), "key": key, "hash": hash_api_key(ROOT, key).hex()}
