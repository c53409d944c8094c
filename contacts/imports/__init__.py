"""Importing a table of organizations and people (SPEC CON-6): read, plan, write.

`rows` reads and checks the file, `places` and `matching` compare it with the database as the requesting person, `plan`
says what would happen without writing anything, `apply` writes in batches that can be repeated.
"""
