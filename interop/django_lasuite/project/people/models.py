"""The user model: django-lasuite finds people, and machines too, by their `sub`."""

from django.contrib.auth.models import AbstractBaseUser
from django.db import models


class User(AbstractBaseUser):
    """A row for everybody whose tokens are let in."""

    sub = models.CharField(max_length=255, unique=True)
    is_active = models.BooleanField(default=True)

    USERNAME_FIELD = "sub"
