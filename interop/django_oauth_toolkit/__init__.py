"""django-oauth-toolkit as a resource server that asks passavant about tokens."""
