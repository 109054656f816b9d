"""The admin of telephony: journals, people, lines, and calls placed from any page.

``CallControl`` is for admins of the host; the rest is registered by the app itself.
Importing this room registers nothing: the app's ``ready()`` does, once per site.
"""

from .call_control import CallControl

__all__ = ["CallControl"]
