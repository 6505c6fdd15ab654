"""Free ports for services that a test starts."""

import socket


def free_ports(count: int) -> list[int]:
    """Different free ports of the loopback; all are held until the last is known."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
