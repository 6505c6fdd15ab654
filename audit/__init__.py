"""The ledger: what proves to a stranger that the log is whole. Nothing of it is built yet.

What belongs here: the sealer that gives each event an index in a Merkle tree, tiles and signed checkpoints, evidence bundles,
and the offline verifier.

What does not: the recording of accesses (`api.disclosure`) and tables for readers (`projections`). Until the ledger is there,
the verbs `audit …` and the routes `/v1/audit/…` answer that they are not available yet.

Never: import `keys`, or hold content in clear; sign a size beside a larger one that was signed before; trust a key that came
inside what is being verified; report as proven what was only looked up.
"""
