"""The schema `front`, as numbered SQL files.

What belongs here: the table that answers a repeated request with the first one's result.

What does not: rights, which are in `infra/setup/grants.sql`, and anything that could be folded from the log.

Never: change a file that was applied; add the next number.
"""
