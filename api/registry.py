"""Schemas in the paths of Confluent's Schema Registry, read only.

So its clients can read our events and know nothing else of us. There is no registry server: the schemas are part of this
release, and so are their ids.
"""

import json
from typing import Any

from litestar import Response, get

from api.principal import ANYONE
from events.catalogue import EVENT_TYPES, EventType
from events.schemas.schema import Schema

_MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"
_BY_ID: dict[int, tuple[EventType, Schema]] = {
    schema.schema_id: (kind, schema) for kind in EVENT_TYPES for schema in kind.schemas
}
_BY_SUBJECT: dict[str, EventType] = {kind.subject: kind for kind in EVENT_TYPES}


def _found(body: Any) -> Response[str]:
    return Response(json.dumps(body), media_type=_MEDIA_TYPE)


def _missing(code: int, message: str) -> Response[str]:
    return Response(json.dumps({"error_code": code, "message": message}), status_code=404, media_type=_MEDIA_TYPE)


@get("/registry/schemas/ids/{schema_id:int}", opt={"roles": (ANYONE,)})
async def schema_by_id(schema_id: int) -> Response[str]:
    """The schema of an id."""
    if schema_id not in _BY_ID:
        return _missing(40403, "Schema not found")
    return _found({"schema": json.dumps(_BY_ID[schema_id][1].definition)})


@get("/registry/subjects", opt={"roles": (ANYONE,)})
async def subjects() -> Response[str]:
    """The full names of all records."""
    return _found(sorted(_BY_SUBJECT))


@get("/registry/subjects/{subject:str}/versions", opt={"roles": (ANYONE,)})
async def versions(subject: str) -> Response[str]:
    """The revisions of one record, from 1."""
    if subject not in _BY_SUBJECT:
        return _missing(40401, "Subject not found")
    return _found(list(range(1, len(_BY_SUBJECT[subject].schemas) + 1)))


@get("/registry/subjects/{subject:str}/versions/{version:str}", opt={"roles": (ANYONE,)})
async def version(subject: str, version: str) -> Response[str]:
    """One revision of one record; `latest` is the newest."""
    if subject not in _BY_SUBJECT:
        return _missing(40401, "Subject not found")
    schemas = _BY_SUBJECT[subject].schemas
    number = len(schemas) if version == "latest" else int(version) if version.isdigit() else 0
    if not 1 <= number <= len(schemas):
        return _missing(40402, "Version not found")
    found = schemas[number - 1]
    return _found({"subject": subject, "version": number, "id": found.schema_id, "schema": json.dumps(found.definition)})
