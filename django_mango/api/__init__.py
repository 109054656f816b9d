"""JSON endpoints for scripts, below ``<mount>/api/``; they hold no rules of their own."""
