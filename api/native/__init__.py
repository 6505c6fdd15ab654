"""The native routes: one resource a file, with its structs.

What belongs here: reading a request, checking its fields, calling what does the work, shaping the answer.

What does not: that work itself, which lies beside this folder (`api.submission`, `api.commands`, `api.disclosure`), and the
OpenAI façade.

Never: touch the log, the key store or the objects without going through those; hand out content without `api.disclosure`.
"""
