"""A directory of a large company, written by COPY, and what is measured on it (bench/seed.py, floor.py, search.py)."""
