"""The authorization server, put together as the documentation of Authlib for Django describes it."""
