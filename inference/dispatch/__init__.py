"""Who admits work, and who ends what nobody will do. CPU only.

What belongs here: the folds of generations and erasures into the job table, and the canceller, which reports the end of jobs
that no worker holds.

What does not: leasing and drawing (`inference.work`).

Never: decide anything in a fold: folds are functions of the log, and only the canceller appends. Rows here avoid waste; that
the first terminal event counts is what makes it correct.
"""
