"""StageConfig and STAGES: everything in which stages differ, as data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from aws_cdk import RemovalPolicy
from aws_cdk.aws_logs import RetentionDays

GIB = 1024**3
DOMAIN = r"[a-z0-9-]+(\.[a-z0-9-]+)+"
ADDRESS = r"[^@\s]+@[^@\s]+\.[^@\s]+"
MOST_CAPACITY = 256  # of Aurora Serverless v2
MOST_BACKUP_DAYS = 35  # of Aurora
MOST_CONCURRENCY = 40  # of an inline Map
BESIDE_CHUNKS = 3  # functions a video keeps busy with its sound and its picture, and people with the pages
LEAST_HEIGHT, MOST_HEIGHT = 144, 2160
MOST_CRF = 51  # of x264
MOST_ZONES = 3  # with what every region has
PART_BYTES = 8 * 1024**2
"""The smallest part an upload is cut into."""

Pack = Literal["AwsSolutions", "Serverless", "NIST80053R5"]
"""A set of cdk-nag's rules."""


class ConfigurationError(SystemExit):
    """A setting that cannot work. It ends the app with one sentence: which field, and what it takes."""


def _require(condition: bool, field: str, expected: str) -> None:  # noqa: FBT001  # reads as a sentence
    if not condition:
        raise ConfigurationError(f"StageConfig.{field}: expected {expected}")


@dataclass(frozen=True, kw_only=True)
class Rung:
    """One rendition; `height` is the shorter side of the picture and the rung's name."""

    height: int
    crf: int
    maxrate_kbps: int
    preset: str

    def __post_init__(self) -> None:
        """Refuse a picture that cannot be encoded: H.264 takes even sides only."""
        _require(
            LEAST_HEIGHT <= self.height <= MOST_HEIGHT and self.height % 2 == 0,
            "ladder.height",
            f"an even number, {LEAST_HEIGHT} … {MOST_HEIGHT}",
        )
        _require(0 < self.crf <= MOST_CRF, "ladder.crf", f"1 … {MOST_CRF}")
        _require(self.maxrate_kbps > 0, "ladder.maxrate_kbps", "more than 0")


LADDERS: Mapping[str, tuple[Rung, ...]] = {
    "standard": (
        Rung(height=1080, crf=23, maxrate_kbps=5000, preset="superfast"),
        Rung(height=720, crf=24, maxrate_kbps=2800, preset="veryfast"),
        Rung(height=480, crf=24, maxrate_kbps=1400, preset="veryfast"),
        Rung(height=360, crf=24, maxrate_kbps=800, preset="veryfast"),
    ),
    "high": (
        Rung(height=1080, crf=21, maxrate_kbps=8000, preset="veryfast"),
        Rung(height=720, crf=22, maxrate_kbps=4000, preset="veryfast"),
        Rung(height=480, crf=22, maxrate_kbps=2000, preset="veryfast"),
        Rung(height=360, crf=22, maxrate_kbps=1000, preset="veryfast"),
    ),
}
"""Finer pictures take half as much again of room and of the processor's time (docs/decisions/0013)."""


@dataclass(frozen=True, kw_only=True)
class Database:
    """Aurora Serverless v2; a minimum of 0 lets it pause when nobody is there."""

    min_capacity: float
    max_capacity: float
    backup_days: int
    snapshot: str = ""
    """Where the database was restored from: another one replaces it, and none at all would empty it."""

    def __post_init__(self) -> None:
        """Refuse capacities Aurora would refuse, before anything is deployed."""
        _require(0 <= self.min_capacity <= self.max_capacity, "database.min_capacity", "0 … max_capacity")
        _require(1 <= self.max_capacity <= MOST_CAPACITY, "database.max_capacity", f"1 … {MOST_CAPACITY}")
        _require(1 <= self.backup_days <= MOST_BACKUP_DAYS, "database.backup_days", f"1 … {MOST_BACKUP_DAYS}")


@dataclass(frozen=True, kw_only=True)
class Domain:
    """A name of your own for the site, in a hosted zone of the same account."""

    name: str
    zone_id: str
    zone_name: str

    def __post_init__(self) -> None:
        """Refuse a name outside its zone: its certificate would wait for validation for ever."""
        _require(
            bool(re.fullmatch(r"Z[A-Z0-9]+", self.zone_id)),
            "domain.zone_id",
            "a hosted zone's, like Z0123456789",
        )
        _require(bool(self.zone_name), "domain.zone_name", "the hosted zone's name, like example.org")
        _require(
            self.name == self.zone_name or self.name.endswith(f".{self.zone_name}"),
            "domain.name",
            f"a name inside the zone {self.zone_name}",
        )


@dataclass(frozen=True, kw_only=True)
class Host:
    """The one machine a stage runs on without AWS: its database, its ffmpeg, and where it is reached."""

    database_url: str = "postgresql+psycopg://streamtime@127.0.0.1:5432/streamtime"
    ffmpeg: str = "ffmpeg"
    ffprobe: str = "ffprobe"
    origin: str = "http://localhost:8000"
    endpoint: str = "http://127.0.0.1:4566"

    def __post_init__(self) -> None:
        """Browsers compare origins byte for byte: a path or a slash at the end would never match."""
        _require(bool(re.fullmatch(r"https?://[^/]+", self.origin)), "host.origin", "http(s)://name[:port]")
        _require(
            bool(re.fullmatch(r"https?://[^/]+", self.endpoint)), "host.endpoint", "http(s)://name[:port]"
        )


@dataclass(frozen=True, kw_only=True)
class StageConfig:
    """A stage's capabilities. Constructs read these fields and never the stage's name."""

    name: Literal["local", "dev", "prod"]
    region: str

    host: Host | None = None
    """Set when functions run on one machine beside an AWS emulator: no layers, a database from outside."""
    network: bool = True
    zones: int = 2
    """Availability zones: each has a subnet for functions and one for the database."""
    egress: Literal["ipv6", "endpoints"] = "ipv6"
    """How functions in the VPC reach AWS: free, over an egress-only gateway, or by endpoints alone."""
    flow_logs: bool = False
    database: Database | None = None
    cdn: bool = True
    cdn_logs: bool = False
    """Who watched what, kept for `log_retention`."""
    waf: bool = False
    domain: Domain | None = None
    signing_keys: tuple[int, ...] = (1,)
    """Versions of the key that signs what may be played: the first one signs, each of them is accepted."""
    origin_secrets: tuple[int, ...] = (1,)
    """Versions of the word by which the APIs know the CDN: it says the first, each of them is accepted."""
    email_sender: str = ""
    """An address of a domain that SES has verified; without one Cognito sends, 50 messages a day at most."""

    removal_policy: RemovalPolicy
    termination_protection: bool = False
    log_retention: RetentionDays = RetentionDays.ONE_MONTH
    tracing: bool = True
    snap_start: bool = False
    review: tuple[Pack, ...] = ("AwsSolutions", "Serverless")
    alarms: bool = False
    """Alarms, a dashboard and a budget; what goes wrong is written to `alarm_email`."""
    alarm_email: str = ""
    monthly_budget_usd: int = 25

    ladder: tuple[Rung, ...] = LADDERS["standard"]
    lambda_concurrency: int = 10
    """The account's quota of functions that run at once: 10 in a new one, 1000 once it is asked for."""
    encode_concurrency: int = 4
    """Chunks of one video that are encoded at once."""
    processing_lease: timedelta = timedelta(hours=2)
    max_upload_bytes: int = 20 * GIB
    quota_bytes: int = 50 * GIB
    max_duration: timedelta = timedelta(hours=6)
    max_pixels: int = 36_000_000
    daily_processing: timedelta = timedelta(hours=12)
    """What one person may have processed within 24 hours, as time of full HD video at 60 frames a second."""

    trash_days: int = 30
    archive_days: int = 30
    playback_grant: timedelta = timedelta(seconds=60)
    public_grant: timedelta = timedelta(minutes=5)

    sign_up: Literal["open", "closed"] = "open"
    """Closed: nobody signs up but the administrator."""
    sign_up_domains: tuple[str, ...] = ()
    """Where some are named, only their addresses sign up."""
    mails_per_hour: int = 20
    """Codes that one network (a /24 or a /56) may have sent, to whomever: each of them costs."""
    admin_email: str = ""
    """Whoever confirms this address is the drive's administrator."""
    confirmation_code_hint: str = ""
    reset_code_hint: str = ""

    def __post_init__(self) -> None:
        """Say which field is wrong, in its own name, before synthesis turns it into something else."""
        _require(bool(re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", self.region)), "region", "like eu-west-1")
        _require(bool(self.ladder), "ladder", "at least one rung")
        most = min(MOST_CONCURRENCY, self.lambda_concurrency // 2)
        _require(
            1 <= self.encode_concurrency <= most,
            "encode_concurrency",
            f"1 … {most}, so that half of lambda_concurrency is left for people",
        )
        _require(
            self.quota_bytes >= PART_BYTES, "quota_bytes", f"at least {PART_BYTES}, one part of an upload"
        )
        _require(0 < self.max_upload_bytes <= self.quota_bytes, "max_upload_bytes", "1 … quota_bytes")
        _require(
            self.daily_processing >= self.max_duration, "daily_processing", "at least max_duration, one video"
        )
        _require(self.trash_days >= 1, "trash_days", "at least 1")
        _require(self.archive_days >= 1, "archive_days", "at least 1")
        _require((self.database is None) != (self.host is None), "database", "Aurora, or a host that has one")
        _require(self.network or self.database is None, "network", "True where there is an Aurora database")
        for field in ("admin_email", "email_sender"):
            address = getattr(self, field)
            _require(not address or bool(re.fullmatch(ADDRESS, address)), field, "name@domain, or nothing")
        _require(
            not self.alarms or bool(re.fullmatch(ADDRESS, self.alarm_email)),
            "alarm_email",
            "name@domain of whoever is told, because alarms is True",
        )
        _require(
            all(re.fullmatch(DOMAIN, domain) for domain in self.sign_up_domains),
            "sign_up_domains",
            "domains of e-mail addresses, like example.org",
        )
        _require(
            self.sign_up == "open" or not self.sign_up_domains,
            "sign_up_domains",
            "none where sign_up is closed",
        )
        _require(self.mails_per_hour >= 1, "mails_per_hour", "at least 1")
        _require(self.monthly_budget_usd >= 1, "monthly_budget_usd", "at least 1")
        _require(2 <= self.zones <= MOST_ZONES, "zones", f"2 … {MOST_ZONES}, as Aurora wants two")  # noqa: PLR2004
        for field in ("signing_keys", "origin_secrets"):
            versions = getattr(self, field)
            _require(
                bool(versions) and len({*versions}) == len(versions) and min(versions) >= 1,
                field,
                "at least one version, each one once, from 1 on",
            )
        for field in ("domain", "waf", "cdn_logs"):
            _require(not getattr(self, field) or self.cdn, field, "nothing where there is no cdn")

    @property
    def videos_at_once(self) -> int:
        """Videos that are processed at once, each with its chunks, its sound and its picture.

        More would find no function free, and nor would people: the others wait in the database, whole.
        """
        return max(1, self.lambda_concurrency // (self.encode_concurrency + BESIDE_CHUNKS))

    @property
    def browser_origins(self) -> list[str]:
        """Where pages come from that upload straight into the bucket."""
        if self.host:
            return [self.host.origin]
        return [f"https://{self.domain.name}"] if self.domain else ["https://*.cloudfront.net"]


STAGES = {
    stage.name: stage
    for stage in (
        StageConfig(
            name="local",
            region="us-east-1",
            host=Host(),
            network=False,
            cdn=False,
            removal_policy=RemovalPolicy.DESTROY,
            log_retention=RetentionDays.ONE_WEEK,
            tracing=False,
            lambda_concurrency=100,  # nobody counts on one machine
            processing_lease=timedelta(minutes=30),
            mails_per_hour=100_000,  # nobody sends any
            confirmation_code_hint="123456",
            reset_code_hint="654321",
        ),
        StageConfig(
            name="dev",
            region="eu-west-1",
            database=Database(min_capacity=0, max_capacity=4, backup_days=7),
            removal_policy=RemovalPolicy.DESTROY,
        ),
        StageConfig(
            name="prod",
            region="eu-west-1",
            zones=3,
            flow_logs=True,
            database=Database(min_capacity=0.5, max_capacity=16, backup_days=30),
            removal_policy=RemovalPolicy.RETAIN,
            termination_protection=True,
            log_retention=RetentionDays.THREE_MONTHS,
            snap_start=True,
            review=("AwsSolutions", "Serverless", "NIST80053R5"),
            alarms=True,
            alarm_email="alarms@example.org",  # yours: AWS asks whoever reads it to confirm
            monthly_budget_usd=100,
        ),
    )
}
