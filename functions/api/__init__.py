"""The HTTP function: mounts the routes of the features."""
