"""The Avro schemas, written by hand: one file per type, version and revision, never edited once a record was written with it.

Every field says in `classification` what it is: `public`, `operational`, `pseudonymous` or `sealed`. A personal field that is not
sealed does not pass `events.check`. `published.json` holds the identity of every schema that was ever released, by its id.
"""
