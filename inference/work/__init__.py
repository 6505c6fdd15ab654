"""Who leases a job and does it: lease, open the prompt, draw, seal, store, report, and sweep what was left behind.

What must never happen here: an object that no event names staying in the store, an outcome after a fence, a byte in clear on a
disk.
"""
