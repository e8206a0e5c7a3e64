"""Apache mod_oauth2 in front of an API of our server."""
