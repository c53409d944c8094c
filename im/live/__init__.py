"""The live stream of a tab (SPEC IM-3, ADR 12): `stream` is the door, `hub` the fan-out, `checks` what it asks the
database, `events` what goes over the wire. The publishing side is core.live.
"""
