"""The one source tree that every function is bundled from: a folder is a feature."""
