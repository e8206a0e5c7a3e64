"""JupyterHub with oauthenticator, from PyPI: a relying party."""
