"""The stored-position seam: Faust delivers, PostgreSQL remembers how far an agent has come.

Here belong the Faust app and its consumer, the position store and the one fold loop that projections,
dispatch and shred share. Here does not belong what a fold does with an event. What must never happen here: a
position that moves without its rows or rows without their position, an event that is skipped, an exception
that leaves an agent.
"""
