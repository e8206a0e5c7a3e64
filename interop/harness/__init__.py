"""Shared by all peers: the server under test, a headless browser, packages, processes and the table."""
