"""The erasure protocol: a plan, two people, a fence, the destruction of keys, and the proof that they are gone.

What belongs here: the fold of erasure commands into rows, the executor that leases these rows, its steps, plans and their
digests, grounds, the commitment to the person concerned. Today's scope is a subject.

What does not: who may ask or approve (`api`), what an erasure looks like to a reader (`projections.erasures`).

Never: act on a command whose signature was not checked; destroy anything before the fence was acknowledged; report more than
was verified; leave a step that cannot run a second time.
"""
