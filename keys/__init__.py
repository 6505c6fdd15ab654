"""Who can still read what: keys, sealed bytes, and the end of both.

What belongs here: everything that touches key material or talks to the key store, the format of sealed objects, where
ciphertext lies, and the erasure protocol.

What does not: HTTP, pictures, read models.

Never: cache a key, or keep one for longer than its life; write content in clear because a key could not be had; call content
erased because a key is missing; put a key, a salt or content into an error, a log line or an event. Buffers that held key
material are overwritten after use, as far as Python allows; copies that it makes by itself live until it frees them.
"""
