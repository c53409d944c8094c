"""A provider of the tests. What both sides know of each other:"""

CLIENT, SECRET = "wailian", "a-secret-of-the-test-provider-0123"
