"""HTTP to the service: one command in, an answer or a typed error out.

The only room that knows ``requests``; it knows no Django.
"""

from .client import API_URL, Client
from .limits import GENERAL, LIMITS, LOCK_OUT, Gate, Limit
from .policy import NO_RETRIES, RetryPolicy
from .redaction import Redactor
from .statistics import INTERVAL, StatisticsClient
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
    "Gate",
    "Limit",
    "Redactor",
    "Reply",
    "RetryPolicy",
    "StatisticsClient",
    "Transport",
]
