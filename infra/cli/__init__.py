"""The command line: one noun a file, each verb with an example in its help.

What belongs here: reading arguments and the environment, talking to a person. Heavy imports happen inside a verb, so that
`--help` and the auditor's verbs start without torch, Kafka or a web server.

What does not: deciding anything about events, keys or rows.

Never: pretend: a verb that is promised and not built says so and fails. Take a secret as an argument.
"""

from infra.cli.main import main

__all__ = ["main"]
