"""The typed environment: everything a stage tells its functions."""

import os
from functools import cache
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Json, SecretStr


class Rung(BaseModel):
    """One rendition of the ladder; `height` is the shorter side in pixels and the rung's name."""

    model_config = ConfigDict(frozen=True)

    height: int
    crf: int
    maxrate_kbps: int
    preset: str


def _empty_is_none(value: object) -> object:
    return None if value == "" else value


def _words(value: object) -> object:
    return value.split() if isinstance(value, str) else value


class Settings(BaseModel):
    """Names are the lower-case names of the environment variables; sizes in bytes, times in seconds.

    A function is given what it may use: a setting it was not given is empty, and the permission that
    would go with it is missing too.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    stage: str = ""
    database_url: str = ""
    database_iam_auth: bool = False
    database_secret_arn: str = ""
    media_bucket: str = ""
    user_pool_id: str = ""
    user_pool_client_id: str = ""
    signing_key_id: str = ""
    signing_key_pair_id: str = ""
    origin_secrets: Annotated[tuple[SecretStr, ...], BeforeValidator(_words)] = ()
    updates_topic_arn: str = ""
    state_machine_arn: str = ""
    watchdog_queue_url: str = ""
    dead_letter_queues: Json[dict[str, str]] = {}
    tickets_table: str = ""
    connections_table: str = ""
    limits_table: str = ""
    live_endpoint: str = ""
    ladder: Json[tuple[Rung, ...]] = ()
    encode_concurrency: int = 2
    videos_at_once: int = 100
    max_upload_bytes: int = 20 * 1024**3
    quota_bytes: int = 50 * 1024**3
    max_duration_seconds: int = 6 * 3600
    max_pixels: int = 36_000_000
    daily_processing_seconds: int = 12 * 3600
    trash_days: int = 30
    playback_grant_seconds: int = 60
    public_grant_seconds: int = 300
    processing_lease_seconds: int = 7200
    sign_up: Literal["open", "closed"] = "open"
    sign_up_domains: Annotated[tuple[str, ...], BeforeValidator(_words)] = ()
    mails_per_hour: int = 20
    email_sender: str = ""
    admin_email: Annotated[str | None, BeforeValidator(_empty_is_none)] = None
    confirmation_code_hint: Annotated[str | None, BeforeValidator(_empty_is_none)] = None
    reset_code_hint: Annotated[str | None, BeforeValidator(_empty_is_none)] = None
    aws_lambda_function_memory_size: int = 3008  # in MB; Lambda's own variable
    usd_per_gb_month: float = 0
    usd_per_processed_hour: float = 0
    ffmpeg: str = "ffmpeg"
    ffprobe: str = "ffprobe"


@cache
def settings() -> Settings:
    """Return the settings of this process, read once."""
    return Settings.model_validate({name.lower(): value for name, value in os.environ.items()})
