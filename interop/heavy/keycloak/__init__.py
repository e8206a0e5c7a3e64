"""Keycloak, from Maven: an authorization server in front of our guards."""
