"""The user model: django-lasuite finds users, and clients that act for themselves, by their `sub`."""

from django.contrib.auth.models import AbstractBaseUser
from django.db import models


class User(AbstractBaseUser):
    """A row for every subject whose tokens are accepted."""

    sub = models.CharField(max_length=255, unique=True)
    is_active = models.BooleanField(default=True)

    USERNAME_FIELD = "sub"
