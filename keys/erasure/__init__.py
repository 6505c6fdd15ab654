"""The erasure protocol: a plan, two people, a fence, the destruction of keys, and the proof that they are gone.

An agent folds commands into rows; an executor leases rows and acts, one step a file, every step idempotent, so that a crash
anywhere is
resumed. Nothing here acts on a command whose signature it has not checked, destroys before the fence was acknowledged, or says
more
than it verified. Today's scope is a subject; generations, months, tenants, holds and certificates are refused with a clear
answer.
"""
