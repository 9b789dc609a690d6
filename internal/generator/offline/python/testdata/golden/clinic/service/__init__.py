"""Clinic: an HTTP service over SQLite, with the standard library alone.

`domain` knows what is kept and which values are accepted, `store` keeps it, `web` speaks HTTP; each imports only those
before it. `app` puts them together.
"""
