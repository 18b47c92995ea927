"""Records: the only writer of processing results."""
