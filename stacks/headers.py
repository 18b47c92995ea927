"""The security headers of every page, wherever it is served from."""

from collections.abc import Sequence


def content_security_policy(other_origins: Sequence[str]) -> str:
    """Allow our own files and nothing inline; pages also connect to where uploads go, and to our socket."""
    directives = {
        "default-src": ["'none'"],
        "script-src": ["'self'", "'wasm-unsafe-eval'"],  # the checksum of uploads; it lets no script in
        "style-src": ["'self'"],
        "font-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "media-src": ["'self'", "blob:", "data:"],  # hls.js begins each track of captions as an empty one
        "worker-src": ["'self'", "blob:"],
        "manifest-src": ["'self'"],
        "connect-src": ["'self'", *other_origins],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in directives.items())


REFERRER_POLICY = "strict-origin-when-cross-origin"
OTHER_HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
