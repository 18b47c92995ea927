"""CloudFront's check of signed URLs and signed cookies, as the local edge makes it."""

import base64
import binascii
import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey

SIGNATURE_PARAMETERS = frozenset({"Policy", "Expires", "Signature", "Key-Pair-Id", "Hash-Algorithm"})
COOKIE_PREFIX = "CloudFront-"


class RefusedError(Exception):
    """Why CloudFront would not let the viewer through; `code` is CloudFront's own word for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Viewer:
    """A request as CloudFront judges it: the address asked for, the cookies sent, the sender's address."""

    url: str
    cookies: Mapping[str, str]
    ip: str


@dataclass(frozen=True)
class KeyGroup:
    """The public keys, by key pair id, whose signatures open the door."""

    keys: Mapping[str, EllipticCurvePublicKey]

    def check(self, viewer: Viewer, *, now: float) -> None:
        """Raise RefusedError unless the URL or else the cookies carry a valid signature for the URL."""
        resource, signed = split_signature(viewer.url)
        if not signed.keys() & {"Signature", "Key-Pair-Id"}:
            signed = {name: viewer.cookies.get(COOKIE_PREFIX + name, "") for name in SIGNATURE_PARAMETERS}
        if not signed.get("Key-Pair-Id"):
            raise RefusedError("MissingKey", "Missing Key-Pair-Id query parameter or cookie value")
        if (key := self.keys.get(signed["Key-Pair-Id"])) is None:
            raise RefusedError("InvalidKey", "Unknown Key")
        if signed.get("Policy"):
            policy = _decoded(signed["Policy"])
        else:
            policy = canned_policy(resource, signed.get("Expires", "")).encode()
        self._check_signature(key, signed, policy)
        try:
            allowed = _allows(json.loads(policy), resource, viewer.ip, now)
        except (ValueError, TypeError, KeyError, IndexError) as error:
            raise RefusedError("MalformedPolicy", "Malformed Policy") from error
        if not allowed:
            raise RefusedError("AccessDenied", "Access denied")

    @staticmethod
    def _check_signature(key: EllipticCurvePublicKey, signed: Mapping[str, str], policy: bytes) -> None:
        if (
            signed.get("Hash-Algorithm") != "SHA256"
        ):  # CloudFront's default, SHA-1, is nothing we ever sign with
            raise RefusedError("AccessDenied", "Access denied")
        try:
            key.verify(_decoded(signed.get("Signature", "")), policy, ECDSA(hashes.SHA256()))
        except InvalidSignature as error:
            raise RefusedError("AccessDenied", "Access denied") from error


def canned_policy(resource: str, expires: str) -> str:
    """Spell out the policy that a signed URL with nothing but `Expires` stands for."""
    if not expires.isdecimal():
        raise RefusedError("MissingPolicy", "Missing Policy or Expires query parameter or cookie value")
    return (
        f'{{"Statement":[{{"Resource":"{resource}","Condition":'
        f'{{"DateLessThan":{{"AWS:EpochTime":{int(expires)}}}}}}}]}}'
    )


def split_signature(url: str) -> tuple[str, dict[str, str]]:
    """Take the signature's parameters out of a URL's query; the rest is what the policy must match."""
    base, _, query = url.partition("?")
    kept = []
    signed = {}
    for pair in filter(None, query.split("&")):
        name, value = parse_qsl(pair, keep_blank_values=True)[0] if "=" in pair else (unquote(pair), "")
        if name in SIGNATURE_PARAMETERS:
            signed[name] = value
        else:
            kept.append(pair)
    return base + ("?" + "&".join(kept) if kept else ""), signed


def matches(pattern: str, resource: str) -> bool:
    """Whether a policy's resource covers a URL: * stands for any characters, ? for exactly one."""
    parts = (
        ".*" if part == "*" else "." if part == "?" else re.escape(part)
        for part in re.split(r"([*?])", pattern)
    )
    return re.fullmatch("".join(parts), resource, re.DOTALL) is not None


def _allows(policy: dict[str, Any], resource: str, ip: str, now: float) -> bool:
    (statement,) = policy["Statement"]
    condition = statement["Condition"]
    not_before = condition.get("DateGreaterThan", {}).get("AWS:EpochTime", 0)
    return (
        matches(statement["Resource"], resource)
        and not_before < now < condition["DateLessThan"]["AWS:EpochTime"]
        and ("IpAddress" not in condition or _is_within(ip, condition["IpAddress"]["AWS:SourceIp"]))
    )


def _is_within(ip: str, network: str) -> bool:
    return ipaddress.ip_address(ip) in ipaddress.ip_network(network, strict=False)


def _decoded(text: str) -> bytes:
    """Decode CloudFront's base64, which has - _ ~ where others have + = /."""
    try:
        return base64.b64decode(text.translate(str.maketrans("-_~", "+=/")), validate=True)
    except (binascii.Error, ValueError) as error:
        raise RefusedError("AccessDenied", "Access denied") from error
