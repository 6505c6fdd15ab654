"""What draws: model directories as manifests of digests, their checks, and the store they come from.

What belongs here: scanning and verifying a directory, fetching one by digest, and the tiny model that lets a platform draw
before anyone brings another.

What does not: drawing (`inference.engine`), and the names of models, which are events.

Never: load a pickle or code from a model directory; use a file before its digest was compared; put another file in the place of
one that is missing.
"""
