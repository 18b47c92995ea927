"""Uploads: multipart straight from the browser to the bucket."""
