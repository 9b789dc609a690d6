"""Tests that were written from the specification, before the service.

They start the real service as a process and speak HTTP with it. What they send and expect is in cases.json.
"""
