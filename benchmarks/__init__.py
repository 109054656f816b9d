"""Side-by-side measurements, one command each: ``python -m benchmarks.<name>``.

Every benchmark prints a table of figures and ratios measured in one run on one
machine, and writes the same with ``--json FILE``. Ratios carry over to other
machines, seconds do not. The database is made for the run and dropped after it.
"""
