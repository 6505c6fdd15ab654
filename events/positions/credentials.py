"""How Faust logs in: the same settings that every other client of the log gets, in Faust's types."""

import faust
from faust.types.auth import CredentialsT

from events.security import KafkaSecurity


def faust_credentials(security: KafkaSecurity) -> CredentialsT | None:
    """Faust's credentials for these settings; nothing for a broker that asks for none."""
    kwargs = security.client_kwargs()
    context = kwargs.get("ssl_context")
    if security.protocol.startswith("SASL"):
        return faust.SASLCredentials(
            username=security.username,
            password=security.password,
            mechanism=security.mechanism,
            ssl_context=context,
        )
    return faust.SSLCredentials(context=context) if context is not None else None
