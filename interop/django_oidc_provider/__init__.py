"""django-oidc-provider as an authorization server, with our guard in front of an API."""
