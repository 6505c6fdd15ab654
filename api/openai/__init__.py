"""The façade that the unchanged OpenAI SDK speaks to.

What belongs here: OpenAI's fields and shapes, translated to and from what the native routes use too.

What does not: a second way of doing anything: submission and disclosure are the same.

Never: ignore a field that would change the result; answer with a link that leaves the platform.
"""
