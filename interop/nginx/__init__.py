"""nginx from Debian, which asks `passavant guard` before it lets a request through."""
