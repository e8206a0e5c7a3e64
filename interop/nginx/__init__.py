"""nginx from Debian, with `auth_request` to `passavant guard`."""
