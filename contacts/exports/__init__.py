"""Exporting contacts and organizations (SPEC CON-6; SECURITY T01, T07, T74).

`columns` says what a file may hold, `contacts` and `organizations` read the rows in batches as the requesting person,
`files` writes them without ever holding more than one batch.
"""
