"""The stored-position seam: Faust delivers, PostgreSQL remembers how far a fold has come.

What belongs here: the Faust app and its consumer, the position store, and the one fold loop that `project`, `dispatch` and
`shred` share.

What does not: what a fold does with an event; that is in `projections`, `inference.dispatch` and `keys.erasure`.

Never: move a position without its rows or write rows without their position; pass over an event that may not be passed over;
let an exception leave an agent; believe an offset that Faust or the broker's groups remember.
"""
