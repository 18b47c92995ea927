"""Live updates: sockets and the messages sent down them."""
