"""The authorization server, assembled as the documentation of Authlib for Django describes."""
