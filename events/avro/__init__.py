"""The bytes of events by plans made once from their schemas, because each event is written and read one at a time, and often.

What belongs here: packing and unpacking of what the schemas of the log use, byte for byte as the library does it.

What does not: another definition of the format: what is not exactly as it is written here is read by the library alone
(`events.framing`), which then says whether it is valid.

Never: write what the library does not read; take for valid what it refuses.
"""
