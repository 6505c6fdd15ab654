"""The engine: a library and a child process that draw.

What belongs here: the pipeline in memory, the child that runs it, the messages between child and parent, the encoding of
pixels, the fingerprint of the environment. A CUDA fault or an out-of-memory kill ends the child and one picture, not the
worker.

What does not: Kafka, PostgreSQL, the key store, leases; the engine knows none of them.

Never: give the child a secret; put a prompt on its argument list or into its environment; let the text of an error, which could
quote a prompt, leave it.
"""
