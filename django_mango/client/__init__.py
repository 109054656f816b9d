"""HTTP to the service: one command in, an answer or a typed error out.

The only room that knows ``requests``; it knows no Django.
"""

from .client import API_URL, Client
from .extended import ExtendedClient
from .limits import GENERAL, LIMITS, LOCK_OUT, Gate, Limit
from .policy import NO_RETRIES, RetryPolicy
from .polling import INTERVAL
from .redaction import Redactor
from .statistics import StatisticsClient
from .transport import USER_AGENT, Reply, Transport

__all__ = [
    "API_URL",
    "GENERAL",
    "INTERVAL",
    "LIMITS",
    "LOCK_OUT",
    "NO_RETRIES",
    "USER_AGENT",
    "Client",
    "ExtendedClient",
    "Gate",
    "Limit",
    "Redactor",
    "Reply",
    "RetryPolicy",
    "StatisticsClient",
    "Transport",
]
