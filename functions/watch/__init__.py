"""Explore and watch: what everybody may see, and the grants that open it."""
