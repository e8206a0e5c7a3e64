"""Authlib on Django as authorization server, our guard in front of an API."""
