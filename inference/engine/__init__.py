"""The engine: a library and a child process that draw, and know neither Kafka, PostgreSQL nor the key store.

A CUDA fault or an out-of-memory kill ends the child and one picture, not the worker. The child gets prompts over a pipe, never
on its
argument list or in its environment, and holds no secret.
"""
