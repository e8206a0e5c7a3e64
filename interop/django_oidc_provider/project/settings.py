"""Settings of a Django project that is an OpenID provider: sign-in by the admin's page."""

import os

from issuer_settings import *

INSTALLED_APPS = [*INSTALLED_APPS, "oidc_provider"]
OIDC_TOKEN_EXPIRE = int(os.environ.get("TOKEN_EXPIRE", "3600"))
OIDC_IDTOKEN_EXPIRE = int(os.environ.get("IDTOKEN_EXPIRE", "600"))
if os.environ["INTROSPECTION"] == "open":
    OIDC_INTROSPECTION_VALIDATE_AUDIENCE_SCOPE = False
    OIDC_INTROSPECTION_RESPONSE_SCOPE_ENABLE = True
