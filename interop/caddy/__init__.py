"""Caddy, from Debian, with `forward_auth` to `passavant guard`."""
