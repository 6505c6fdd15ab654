"""What may be said, in which bytes and in which order: the log and its schemas.

What belongs here: the closed catalogue of events, their schemas and bytes, the topics, appending and reading, and the stored
positions of those who fold the log.

What does not: a business rule, a key, a row of a read model. This package imports no other of ours.

Never: call an event appended that the broker has not acknowledged; skip a record that could not be read; reuse a schema id,
edit a released schema, change a topic's partition count; put personal content into a field in clear.
"""
