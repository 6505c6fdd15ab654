"""Make or complete what a platform needs on its services: topics, users, schemas, mounts, policies, tenants.

What belongs here: for each part a plan, which looks at the service and returns the missing changes with a sentence each, and
the changes. `intaglio setup --plan` shows what `intaglio setup` would do; a second run does nothing.

What does not: the starting of services (`infra.embedded`) and the running of processes (`infra.serving`).

Never: remove content, a key or a topic; use OpenBao's root token after the provisioner exists; write a password into a
statement, a log or an argument list.
"""
