"""CloudFront's signature check, as the local edge makes it."""

import base64
import json
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from local.signatures import KeyGroup, RefusedError, Viewer, canned_policy, matches, split_signature

NOW = 1_800_000_000
SITE = "http://localhost:8000"
FILE = f"{SITE}/media/film-a/1/master.m3u8"
KEY = ec.generate_private_key(ec.SECP256R1())
KEY_GROUP = KeyGroup({"local": KEY.public_key()})


def encoded(data):
    return base64.b64encode(data).decode().translate(str.maketrans("+=/", "-_~"))


def policy(resource=f"{SITE}/media/film-a/*", **conditions):
    condition = {"DateLessThan": {"AWS:EpochTime": NOW + 60}} | conditions
    return json.dumps({"Statement": [{"Resource": resource, "Condition": condition}]}).encode()


def signed(document=None, key=KEY, **changes):
    document = document or policy()
    return {
        "Policy": encoded(document),
        "Signature": encoded(key.sign(document, ec.ECDSA(SHA256()))),
        "Key-Pair-Id": "local",
        "Hash-Algorithm": "SHA256",
    } | changes


def check(url=FILE, *, cookies=None, query=None, ip="127.0.0.1", now=NOW):
    viewer = Viewer(
        url=url + (("&" if "?" in url else "?") + urlencode(query) if query else ""),
        cookies={f"CloudFront-{name}": value for name, value in (cookies or {}).items()},
        ip=ip,
    )
    KEY_GROUP.check(viewer, now=now)


def refusal(**request):
    with pytest.raises(RefusedError) as refused:
        check(**request)
    return refused.value.code


def test_signed_cookies_open_what_their_policy_covers():
    check(cookies=signed())


def test_a_signed_url_opens_what_its_policy_covers():
    check(query=signed())


def test_a_signed_url_counts_more_than_cookies():
    assert refusal(query=signed(Signature="AAAA"), cookies=signed()) == "AccessDenied"


def test_without_any_signature_nothing_opens():
    assert refusal() == "MissingKey"


def test_a_grant_for_one_video_opens_no_other():
    assert refusal(url=f"{SITE}/media/film-b/1/master.m3u8", cookies=signed()) == "AccessDenied"


def test_a_grant_for_one_video_opens_no_other_by_way_of_the_query():
    url = f"{SITE}/media/film-b/1/master.m3u8?x={SITE}/media/film-a/1"
    assert refusal(url=url, cookies=signed()) == "AccessDenied"


def test_a_wildcard_host_would_open_other_videos_by_way_of_the_query_as_on_cloudfront():
    check(url=f"{SITE}/media/film-b/1?x=/media/film-a/1", cookies=signed(policy("http*://*/media/film-a/*")))


def test_a_grant_ends_at_its_second():
    check(cookies=signed(), now=NOW + 59.9)
    assert refusal(cookies=signed(), now=NOW + 60) == "AccessDenied"


def test_a_grant_may_begin_later():
    later = signed(policy(DateGreaterThan={"AWS:EpochTime": NOW + 10}))
    assert refusal(cookies=later) == "AccessDenied"
    check(cookies=later, now=NOW + 11)


@pytest.mark.parametrize(("ip", "opens"), [("192.0.2.7", True), ("192.0.3.7", False), ("::1", False)])
def test_a_grant_may_be_for_one_network(ip, opens):
    cookies = signed(policy(IpAddress={"AWS:SourceIp": "192.0.2.0/24"}))
    if opens:
        check(cookies=cookies, ip=ip)
    else:
        assert refusal(cookies=cookies, ip=ip) == "AccessDenied"


def test_another_key_opens_nothing():
    forged = signed(key=ec.generate_private_key(ec.SECP256R1()))
    assert refusal(cookies=forged) == "AccessDenied"


def test_an_unknown_key_pair_opens_nothing():
    assert refusal(cookies=signed(**{"Key-Pair-Id": "K123"})) == "InvalidKey"


def test_a_changed_policy_opens_nothing():
    assert refusal(cookies=signed(Policy=encoded(policy(f"{SITE}/media/*")))) == "AccessDenied"


@pytest.mark.parametrize("algorithm", ["", "SHA1", "none"])
def test_only_sha256_signatures_are_taken(algorithm):
    assert refusal(cookies=signed(**{"Hash-Algorithm": algorithm})) == "AccessDenied"


@pytest.mark.parametrize(
    "document",
    [
        b"not json",
        b"[]",
        b'{"Statement":[]}',
        b'{"Statement":[{"Resource":"*","Condition":{}}]}',
        b'{"Statement":[{"Resource":"*","Condition":{"DateLessThan":{"AWS:EpochTime":"soon"}}}]}',
        policy()[:-2] + b"," + policy()[14:-2] + b"]}",
    ],
)
def test_a_signed_policy_that_makes_no_sense_opens_nothing(document):
    assert refusal(cookies=signed(document)) == "MalformedPolicy"


@pytest.mark.parametrize("changes", [{"Signature": "%%%"}, {"Signature": ""}, {"Policy": "%%%"}])
def test_what_is_not_base64_opens_nothing(changes):
    assert refusal(cookies=signed(**changes)) == "AccessDenied"


def test_a_canned_policy_covers_exactly_one_url_until_it_expires():
    expires = str(NOW + 60)
    query = signed(canned_policy(FILE, expires).encode(), Expires=expires)
    del query["Policy"]
    check(query=query)
    assert refusal(query=query, now=NOW + 61) == "AccessDenied"
    assert refusal(query=query, url=f"{FILE}?other=1") == "AccessDenied"
    assert refusal(query=query | {"Expires": str(NOW + 999)}) == "AccessDenied"
    assert refusal(query=query | {"Expires": "never"}) == "MissingPolicy"


def test_the_signature_is_taken_out_of_the_query_and_the_rest_stays_as_it_was():
    url, found = split_signature(f"{FILE}?b=%2f&Policy=p&a&Signature=s~&Key-Pair-Id=k&b=2")
    assert url == f"{FILE}?b=%2f&a&b=2"
    assert found == {"Policy": "p", "Signature": "s~", "Key-Pair-Id": "k"}


@pytest.mark.parametrize(
    ("pattern", "resource", "covered"),
    [
        ("http://a/*", "http://a/b/c?d", True),
        ("http://a/?.jpg", "http://a/b.jpg", True),
        ("http://a/?.jpg", "http://a/bc.jpg", False),
        ("http://a/x.jpg", "http://a/xxjpg", False),
        ("http://a/*", "https://a/b", False),
        ("http://a/media/1/*", "http://a/MEDIA/1/b", False),
    ],
)
def test_a_policy_covers_by_star_and_question_mark_only(pattern, resource, covered):
    assert matches(pattern, resource) is covered
