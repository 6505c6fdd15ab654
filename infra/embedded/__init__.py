"""A whole platform on one machine, from packages alone: the three services, and the same processes as anywhere else.

What belongs here: starting, watching and stopping real services below one data directory. What does not: any other way of doing
what `serve` and `setup` do; embedded is where addresses come from, not a mode of the code.
"""
