"""What pages show of telephony: texts, controls and widgets for the admin, tags and hosts alike.

Hosts use the names below; the modules are ours to change.
"""

from .calling import call_controls
from .media import call_media
from .widgets import CallInput

__all__ = ["CallInput", "call_controls", "call_media"]
