"""The schema `work`, as numbered SQL files.

What belongs here: jobs, the fences that workers look at, positions, and the view `work.progress`, the one thing here that other
packages may read.

What does not: rights, which are in `infra/setup/grants.sql`.

Never: change a file that was applied; add the next number.
"""
