"""JupyterHub with GenericOAuthenticator, as the documentation of oauthenticator has it for OpenID Connect."""

import os
from urllib.parse import urlencode

ORIGIN = os.environ["ORIGIN"]

c = get_config()  # noqa: F821, JupyterHub defines it
c.JupyterHub.bind_url = ORIGIN
c.JupyterHub.hub_bind_url = os.environ["HUB"]
c.JupyterHub.default_url = "/hub/home"
c.ConfigurableHTTPProxy.command = ["node", os.environ["PROXY"]]
c.ConfigurableHTTPProxy.api_url = os.environ["PROXY_API"]

c.JupyterHub.authenticator_class = "generic-oauth"
c.GenericOAuthenticator.client_id = os.environ["CLIENT_ID"]
c.GenericOAuthenticator.client_secret = os.environ["CLIENT_SECRET"]
c.GenericOAuthenticator.oauth_callback_url = ORIGIN + "/hub/oauth_callback"
c.GenericOAuthenticator.authorize_url = os.environ["AUTHORIZATION_ENDPOINT"]
c.GenericOAuthenticator.token_url = os.environ["TOKEN_ENDPOINT"]
c.GenericOAuthenticator.userdata_url = os.environ["USERINFO_ENDPOINT"]
c.GenericOAuthenticator.scope = ["openid", "profile", "email", "offline_access", "calendar.read"]
c.GenericOAuthenticator.username_claim = "preferred_username"
c.GenericOAuthenticator.login_service = "passavant"
c.GenericOAuthenticator.allow_all = True
# It has no setting for a sign-out at the server but this address.
signed_out = urlencode({"client_id": os.environ["CLIENT_ID"], "post_logout_redirect_uri": ORIGIN + "/hub/login"})
c.GenericOAuthenticator.logout_redirect_url = os.environ["END_SESSION_ENDPOINT"] + "?" + signed_out
# It stores the tokens, and asks for the user again when a page is opened.
c.GenericOAuthenticator.enable_auth_state = True
c.GenericOAuthenticator.auth_refresh_age = 1

# How this test reads what JupyterHub knows.
c.JupyterHub.services = [{"name": "observer", "api_token": os.environ["OBSERVER"]}]
c.JupyterHub.load_roles = [{"name": "observer", "services": ["observer"], "scopes": ["read:users", "admin:auth_state"]}]
