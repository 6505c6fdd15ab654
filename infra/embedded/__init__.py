"""A whole platform on one machine, from packages alone: the three services, and the same processes as anywhere else.

What belongs here: starting, watching and stopping real services below one data directory.

What does not: another way of doing what `serve` and `setup` do; embedded is where addresses come from, not a mode of the code.

Never: run a service without a password; leave a process behind; stop one that is not ours; give a child the environment of
whoever started the platform.
"""
