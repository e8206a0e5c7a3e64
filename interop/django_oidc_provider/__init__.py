"""django-oidc-provider as authorization server, our guard in front of an API."""
