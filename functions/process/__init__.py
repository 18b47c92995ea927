"""Uploads become HLS: probe, poster, audio, chunks, playlists."""
