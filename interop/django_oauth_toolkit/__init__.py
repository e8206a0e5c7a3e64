"""django-oauth-toolkit as a resource server that introspects tokens at passavant."""
