"""Prompts in, pixels out: models and their pins, the engine that draws, who admits work and who leases it.

What belongs here: everything that knows torch or diffusers, the job table and its leases, and what becomes of a picture until
it is sealed and reported.

What does not: HTTP, read models, the making and destroying of keys.

Never: load a pickle, code from a model directory, or a file whose digest was not checked; draw for a fenced subject; write a
prompt or a pixel in clear to a disk.
"""
