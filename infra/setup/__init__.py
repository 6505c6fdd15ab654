"""Make or complete what a platform needs on its services: topics, users, schemas, mounts, policies, tenants.

Every part first *plans*: it looks at the service and returns the changes that are missing, each with a sentence. Applying them
is a second step, so `intaglio setup --plan` shows exactly what `intaglio setup` would do, and a second run does nothing.
Nothing here ever removes content, keys or topics.
"""
