"""The composition root: settings, wiring, set-up of services, the command line, and the platform on one machine.

What belongs here: everything that knows where a service is, which password opens it, and which process needs what.
What does not: any rule about events, keys, pictures or rows; those live in the packages below and take plain arguments.
Nothing imports `infra`; it is the only place that reads the environment (and there only the command line does).
"""
