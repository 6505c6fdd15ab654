"""Who can still read what: keys, sealed bytes, and the end of both.

What belongs here: everything that touches key material or talks to the key store, the format of sealed objects, where ciphertext
lies, and the erasure protocol. What does not: HTTP, pictures, read models. Key material is held in buffers that are overwritten,
for
seconds, and never cached; nothing here ever writes content in clear because a key could not be had.
"""
