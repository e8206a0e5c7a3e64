"""Spring Boot, from Maven: as a client and as a resource server of our server."""
