"""The composition root: settings, wiring, set-up of services, the command line, and the platform on one machine.

What belongs here: everything that knows where a service is, which password opens it, and which process needs what.

What does not: a rule about events, keys, pictures or rows; those live in the packages below, which take plain arguments.

Never: be imported by another package; read the environment outside `infra/cli`; pass a secret on an argument list.
"""
