"""The schema `erasure`, as numbered SQL files.

What belongs here: the tables of `shred`: its positions, the erasures under way, and the one decision per scope.

What does not: rights, which are in `infra/setup/grants.sql`, and what readers see, which is in schema `read`.

Never: change a file that was applied; add the next number.
"""
