"""Accounts: sign-up, sign-in, the session of a browser."""
