"""Companies, contacts and deals: the host application, which knows nothing of telephony."""
