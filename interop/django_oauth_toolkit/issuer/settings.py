"""Settings of a Django project that is an authorization server: sign-in by the admin's page."""

import os

from issuer_settings import *

INSTALLED_APPS = [*INSTALLED_APPS, "oauth2_provider"]


def lifetime(request):
    """Lifetime of an access token in seconds."""
    return int(os.environ["BRIEF_SECONDS"]) if request.client.client_id == "brief" else 600


OAUTH2_PROVIDER = {
    "SCOPES": {"notes.read": "Read notes", "notes.write": "Change notes", "introspection": "Introspect tokens"},
    "EXTRA_SERVER_KWARGS": {"token_expires_in": lifetime},
}
