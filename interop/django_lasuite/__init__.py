"""django-lasuite as a resource server that introspects tokens at passavant."""
