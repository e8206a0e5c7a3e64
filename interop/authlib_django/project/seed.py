"""Creates the database and the signing key: one user, and the clients."""

import json
import os
from pathlib import Path

import django
from joserfc.jwk import ECKey, KeySet

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django.setup()

from django.contrib.auth import get_user_model
from django.core.management import call_command
from server.models import OAuth2Client

key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
Path(os.environ["KEYS"]).write_text(json.dumps(KeySet([key]).as_dict(private=True)))
call_command("migrate", run_syncdb=True, verbosity=0)
get_user_model().objects.create_superuser(os.environ["USERNAME"], password=os.environ["PASSWORD"])
brief = int(os.environ["BRIEF_SECONDS"])
for client_id, grant_types, audience, lifetime in (
    ("web", "authorization_code", os.environ["AUDIENCE"], 600),
    ("machine", "client_credentials", os.environ["AUDIENCE"], 600),
    ("brief", "client_credentials", os.environ["AUDIENCE"], brief),
    ("other", "client_credentials", "https://elsewhere.example", 600),
    ("api", "", "", 600),
):
    OAuth2Client.objects.create(
        client_id=client_id,
        client_secret=f"{client_id}-secret-of-some-length-1",
        redirect_uri=os.environ["CALLBACK"],
        scope="notes.read notes.write",
        grant_types=grant_types,
        audience=audience,
        lifetime=lifetime,
    )
