"""Released libraries that sign the users of an application in, each set up as its own documentation says."""
