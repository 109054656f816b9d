"""The Mango Office VPBX protocol as functions of bytes and values.

Nothing in this package does I/O, reads a clock or knows Django: it imports the
standard library and ``phonenumbers`` only (the import contract checks it).
Sections (§) are those of the protocol reference, Q-numbers are observations of
the live service.
"""
