"""What draws: model directories as manifests of digests, their checks, and the store they come from.

What must never happen here: loading a pickle, code from a model directory, or a file whose digest was not checked first.
"""
