"""The log as tables, which can be rebuilt from nothing.

Here belong, one module a topic, its tables, the pure function from an event to row changes, and the typed
reads; and the machinery that writes, rebuilds, digests and replays them. Here does not belong anything that
decides: a table says what the log says. What must never happen here: a key or clear content (`keys` may not
be imported), a row that depends on a clock, on another topic, or on the order between partitions, an event
produced by a rebuild.
"""
