"""What the peers share: the server under test, a browser without a screen, packages, processes and the table."""
