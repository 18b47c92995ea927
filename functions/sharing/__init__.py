"""Share links: a video for people without an account, as long as its owner wants."""
