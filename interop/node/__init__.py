"""The peers that run on Node: openid-client, and the driver of a real Chromium."""
