"""A small CRM of a Russian sales team that has django-mango installed."""
