"""Administration: the people of a drive, what they use, what is processed, what happened."""
