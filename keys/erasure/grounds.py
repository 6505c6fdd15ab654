"""Why content may be erased or read by an officer: a closed list of codes, in clear, so that nobody writes a reason into the log.

Article numbers are those of the GDPR (Regulation (EU) 2016/679).
"""

from collections.abc import Mapping
from types import MappingProxyType

GROUNDS: Mapping[str, str] = MappingProxyType(
    {
        "gdpr-17-1-a": "No longer needed for the purpose (Art. 17(1)(a))",
        "gdpr-17-1-b": "Consent withdrawn (Art. 17(1)(b))",
        "gdpr-17-1-c": "Objection (Art. 17(1)(c))",
        "gdpr-17-1-d": "Processed unlawfully (Art. 17(1)(d))",
        "gdpr-17-1-e": "Erasure required by law (Art. 17(1)(e))",
        "gdpr-15": "Access by the person concerned (Art. 15)",
        "contract-end": "The contract with the tenant has ended",
        "court-order": "Ordered by a court or authority",
        "security-incident": "Investigation of a security incident",
    }
)
ERASURE_GROUNDS = frozenset(code for code in GROUNDS if code.startswith("gdpr-17") or code == "contract-end")
READING_GROUNDS = frozenset({"gdpr-15", "court-order", "security-incident"})
