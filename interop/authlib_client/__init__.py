"""Authlib as a relying party that registers itself."""
