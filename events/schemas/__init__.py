"""The Avro schemas, written by hand: one file per type, version and revision.

What belongs here: the `.avsc` files, each field with its `classification` (`public`, `operational`, `pseudonymous` or
`sealed`), and `published.json`, which holds the identity of every released schema by its id.

What does not: how values are packed by them (`events.packing`, `events.framing`), and whether one may follow another
(`events.evolution`).

Never: edit a file under which a record may exist: add a revision or a version instead. A personal field that is not sealed does
not pass `events.check`.
"""
