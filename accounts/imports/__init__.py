"""Staff from a file (SPEC ACC-6): its columns, what importing it would do, and doing it."""
