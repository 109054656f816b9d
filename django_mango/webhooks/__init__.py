"""Receiving notifications of the PBX: HTTP here, everything else in ``services.inbox``."""
