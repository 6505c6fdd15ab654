"""What may be said, in which bytes and in which order: the event log and its schemas.

What belongs here: the closed catalogue of events, their Avro schemas and bytes, the topics, appending and reading, and the stored
positions of those who fold the log. What does not: any business rule, any key, any row. Nothing here may ever produce an event
that
was not acknowledged and call it appended, or skip an event that it could not read.
"""
