"""Who leases a job and does it: lease, open the prompt, draw, seal, store, report, and sweep what was left behind.

What belongs here: the worker of one device, its leases and heartbeat, the output path, the sweep.

What does not: admission (`inference.dispatch`) and the pixels themselves (`inference.engine`).

Never: report a picture before its object is in the store; report anything after a fence; leave an object in the store for good
that no counted event names; write content in clear to a disk.
"""
