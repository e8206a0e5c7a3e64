"""django-lasuite as a resource server that asks passavant about tokens."""
