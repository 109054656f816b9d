"""What pages show of telephony: texts, links and widgets for the admin, tags and hosts alike."""
