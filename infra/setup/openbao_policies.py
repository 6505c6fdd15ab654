"""What each process may do in OpenBao, as policy text; pure.

Each policy is as wide as the work of its process and no wider: only `api` signs commands and allocates leaves, only `shred`
deletes blobs that hold content, `work` can open and never write, `dispatch` and `project` have no identity at all. Export,
backup,
restore, raw storage and undelete are named nowhere, and what is named nowhere is refused.
"""

from collections.abc import Mapping, Sequence

Rules = Mapping[str, Sequence[str]]

API: Rules = {
    "transit/encrypt/tenant-*": ["update"],
    "transit/decrypt/tenant-*": ["update"],
    "transit/hmac/directory-*": ["update"],
    "transit/sign/commands": ["update"],
    "transit/keys/commands": ["read"],
    "subjects/data/*": ["create", "read", "update"],
    # Who loses the race for a directory entry removes the blob that nobody ever used.
    "subjects/metadata/*": ["delete"],
    "directory/data/*": ["create", "read", "update"],
    "platform/data/credential-pepper": ["read"],
}

WORK: Rules = {
    "transit/decrypt/tenant-*": ["update"],
    "subjects/data/*": ["read"],
}

SHRED: Rules = {
    "transit/decrypt/tenant-*": ["update"],
    "transit/keys/commands": ["read"],
    "subjects/data/*": ["read"],
    "subjects/metadata/*": ["read", "list", "delete"],
    "directory/data/*": ["read", "update"],
    "directory/metadata/*": ["read"],
}

# Makes what is missing and reads nothing that is secret: no content of KV, no decryption, no deletion.
PROVISIONER: Rules = {
    "sys/mounts": ["read"],
    "sys/mounts/*": ["create", "read", "update"],
    "sys/policies/acl/intaglio-*": ["create", "read", "update"],
    "sys/auth": ["read"],
    "auth/approle/role/*": ["create", "read", "update"],
    "transit/keys": ["list"],
    "transit/keys/+": ["create", "read", "update"],
    "transit/config/keys": ["create", "read", "update"],
    "subjects/config": ["create", "read", "update"],
    "directory/config": ["create", "read", "update"],
    "platform/config": ["create", "read", "update"],
    "platform/data/credential-pepper": ["create"],
    "platform/metadata/credential-pepper": ["read"],
}

PROCESS_POLICIES: Mapping[str, Rules] = {"api": API, "work": WORK, "shred": SHRED}


def render(rules: Rules) -> str:
    """The policy in OpenBao's HCL, one stanza a path, in a fixed order so that equal rules are equal text."""
    stanzas = []
    for path in sorted(rules):
        granted = ", ".join(f'"{capability}"' for capability in rules[path])
        stanzas.append(f'path "{path}" {{\n  capabilities = [{granted}]\n}}\n')
    return "\n".join(stanzas)
