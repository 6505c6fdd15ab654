"""The edge: a command becomes an event, a row becomes an answer.

What belongs here: HTTP, who is calling and what they may, idempotency, reading one's own writes, and the promise that an access
is
recorded before a byte leaves. What does not: drawing, folding, destroying. Nothing is answered as done that the log has not
confirmed,
and a route that names no role refuses everyone.
"""
