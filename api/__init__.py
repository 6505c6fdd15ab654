"""The edge: a command becomes an event, a row becomes an answer.

What belongs here: HTTP, who is calling and what they may, idempotency, reading one's own writes, and the promise that an access
is recorded before a byte leaves.

What does not: drawing, folding, destroying.

Never: answer as done what the log has not confirmed; open a route that names no role; let another tenant's id differ from an
unknown one; repeat in an error what was sent; import `inference`, torch or diffusers.
"""
