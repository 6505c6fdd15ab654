"""May one schema follow another: FULL_TRANSITIVE, within one version of one type.

Every revision must read what every other one wrote, in both directions. What cannot is a new version: a new name on the wire, a
new file, a new body, and a pure upcaster from the old body for as long as the log lasts. A command has one revision only: its
signature covers the bytes of the schema that wrote it, so it is checked on the old body and upcast afterwards. Source: Avro 1.12,
section Schema Resolution, in the narrower form in which promotion and aliases are not used.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

CLASSIFICATIONS = ("public", "operational", "pseudonymous", "sealed")


def transitive_faults(revisions: Sequence[dict[str, Any]]) -> list[str]:
    """Why the revisions of one version are not FULL_TRANSITIVE; empty if they are. Each sentence names the field."""
    return [fault for older, newer in combinations(revisions, 2) for fault in _pair_faults(older, newer)]


def fields_of(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field of a schema and of the records inside it, with its dotted path."""
    if isinstance(schema, list):
        for branch in schema:
            yield from fields_of(branch, path)
    elif isinstance(schema, dict) and schema["type"] == "record":
        for item in schema["fields"]:
            here = f"{path}.{item['name']}" if path else item["name"]
            yield here, item
            yield from fields_of(item["type"], here)
    elif isinstance(schema, dict):
        yield from fields_of(schema.get("items", schema.get("values")), path)


def _pair_faults(older: Any, newer: Any) -> Iterator[str]:
    old, new = _Resolved(older), _Resolved(newer)
    if any(older.get(key) != newer.get(key) for key in ("name", "namespace")):
        yield f"{newer['name']}: revisions of one version have one name"
    yield from _record_faults(old, older, new, newer, newer["name"])


class _Resolved:
    """A schema whose named types can be looked up by their full names."""

    def __init__(self, schema: Any) -> None:
        self._named: dict[str, Any] = {}
        self._collect(schema, "")

    def __call__(self, schema: Any) -> Any:
        return self._named.get(schema, schema) if isinstance(schema, str) else schema

    def _collect(self, schema: Any, namespace: str) -> None:
        if isinstance(schema, list):
            for branch in schema:
                self._collect(branch, namespace)
        elif isinstance(schema, dict):
            inner = schema.get("namespace", namespace)
            if "name" in schema:
                self._named[f"{inner}.{schema['name']}"] = schema
            for item in schema.get("fields", ()):
                self._collect(item["type"], inner)
            self._collect(schema.get("items", schema.get("values")), inner)


def _record_faults(old: _Resolved, older: Any, new: _Resolved, newer: Any, path: str) -> Iterator[str]:
    before = {item["name"]: item for item in older["fields"]}
    after = {item["name"]: item for item in newer["fields"]}
    for name in before.keys() ^ after.keys():
        item, resolved = (before[name], old) if name in before else (after[name], new)
        if "default" not in item:
            yield f"{path}.{name}: a field that comes or goes needs a default"
        elif not _default_is_read(resolved, item["type"], item["default"]):
            yield f"{path}.{name}: a default of this type is not read as it would be written; let it be null or empty"
    for name in before.keys() & after.keys():
        here = f"{path}.{name}"
        if (before[name]["classification"] == "sealed") != (after[name]["classification"] == "sealed"):
            yield f"{here}: sealed once is sealed always, and clear is clear"
        yield from _type_faults(old, before[name]["type"], new, after[name]["type"], here)


def _default_is_read(resolved: _Resolved, avro_type: Any, default: Any) -> bool:
    """Whether a reader gets the default as a value of the type: fastavro gives it as the JSON says, so bytes would be text."""
    found = resolved(avro_type)
    if isinstance(found, list):
        return _default_is_read(resolved, found[0], default)
    if isinstance(found, dict):
        is_empty = found["type"] in {"array", "map"} and not default
        return is_empty or (found["type"] == "enum" and default in found["symbols"])
    return bool(found != "bytes")


def _type_faults(old: _Resolved, older: Any, new: _Resolved, newer: Any, path: str) -> Iterator[str]:
    before, after = old(older), new(newer)
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _named_faults(old, before, new, after, path)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for one, other in zip(before, after, strict=True):
            yield from _type_faults(old, one, new, other, path)
    elif before != after:
        yield f"{path}: its type changed"


def _named_faults(old: _Resolved, before: Any, new: _Resolved, after: Any, path: str) -> Iterator[str]:
    if any(before.get(key) != after.get(key) for key in ("type", "name", "namespace", "size", "logicalType")):
        yield f"{path}: its type changed"
    elif before["type"] == "record":
        yield from _record_faults(old, before, new, after, path)
    elif before["type"] == "enum":
        if before["symbols"] != after["symbols"] and not ("default" in before and "default" in after):
            yield f"{path}: symbols may change only if both have a default"
    elif before["type"] in {"array", "map"}:
        key = "items" if before["type"] == "array" else "values"
        yield from _type_faults(old, before[key], new, after[key], path)
