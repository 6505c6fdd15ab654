"""Who admits work and who ends what nobody will do: folds of the log into the job table, and one executor. CPU only.

An agent admits, an executor leases: the folds are pure functions of the log, and only the canceller appends. The log decides;
rows here
only avoid waste.
"""
