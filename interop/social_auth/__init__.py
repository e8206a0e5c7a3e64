"""python-social-auth, on Django, as a relying party of passavant."""
