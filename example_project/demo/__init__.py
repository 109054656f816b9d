"""``make demo``: the example CRM and a sandbox PBX, ready to click through."""
