"""Which page sent a request: the drive's own, or another site's with this browser's cookies."""

from collections.abc import Mapping
from urllib.parse import urlsplit


def names_own_site(headers: Mapping[str, str]) -> bool:
    """Tell whether the Origin, if there is one, is the site the browser sees. Header names are lower-case.

    `x-viewer-host` is set by the edge, which overwrites whatever the sender wrote there.
    """
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("x-viewer-host")
