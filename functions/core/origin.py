"""Where a request comes from: through the edge, and from which page."""

from collections.abc import Mapping
from hmac import compare_digest
from urllib.parse import urlsplit

from functions.core.settings import settings


def came_through_edge(headers: Mapping[str, str]) -> bool:
    """Tell whether the edge passed this on, by a word only it was told. Header names are lower-case.

    CloudFront overwrites a header of that name from a viewer (its developer guide, "Add custom headers to
    origin requests"). A stage without a CDN has no such word, and asks for none.
    """
    accepted = settings().origin_secrets
    said = headers.get("x-origin-secret", "").encode(errors="replace")
    matches = [compare_digest(said, secret.get_secret_value().encode()) for secret in accepted]
    return any(matches) or not accepted


def names_own_site(headers: Mapping[str, str]) -> bool:
    """Tell whether the Origin, if there is one, is the site the browser sees. Header names are lower-case.

    `x-viewer-host` is set by the edge, which overwrites whatever the sender wrote there.
    """
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("x-viewer-host")
