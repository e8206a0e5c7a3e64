"""django-allauth as a relying party of passavant."""
