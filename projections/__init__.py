"""The log as tables, which can be rebuilt from nothing.

What belongs here: one module a topic with its tables, the pure function from an event to row changes and the typed reads; and
the machinery that writes, rebuilds, digests and replays them.

What does not: anything that decides: a table says what the log says.

Never: hold a key or clear content (`keys` may not be imported); make a row depend on a clock, on another topic or on the order
between partitions; append an event from a rebuild.
"""
