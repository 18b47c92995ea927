"""The sweep: the videos deleter, dead uploads, stuck jobs."""
