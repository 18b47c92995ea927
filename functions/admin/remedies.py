"""What it is to handle a dead letter after all. Each may be done twice: who is told is used to that."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from functions.core import events, processing
from functions.core.keys import video_of
from functions.core.letters import LetterQueue

OF_PEOPLE = {"close_sockets", "delete_account", "empty_trash", "export", "remove_export"}
"""Jobs of the sweep that are about a person and no video."""


@dataclass(frozen=True)
class Remedy:
    """What to do, and which video that is about, if it is about one."""

    video_id: UUID | None
    act: Callable[[Session], None]


def remedy(queue: LetterQueue, body: Any) -> Remedy | None:
    """Return what would handle a letter of that queue; None for what nobody understands."""
    try:
        return READERS[queue](body)
    except (AttributeError, LookupError, TypeError, ValueError):
        return None


def _upload(body: Any) -> Remedy:
    """Read an event of the bucket, or what the rule makes of it."""
    key = body["source_key"] if "source_key" in body else body["detail"]["object"]["key"]
    return Remedy(video_of(key), lambda _session: events.start_processing(key))


def _execution(body: Any) -> Remedy:
    execution, given = body["detail"]["executionArn"], body["detail"]["input"]
    told = json.loads(given)
    video_id = video_of(told["source_key"]) if "source_key" in told else UUID(told["job"]["video_id"])
    return Remedy(video_id, lambda session: processing.end_of_execution(session, execution, given))


def _job(body: Any) -> Remedy:
    if body["job"] == "daily":
        return _daily(body)
    job, subject = body["job"], UUID(body["video_id"])
    return Remedy(None if job in OF_PEOPLE else subject, lambda _session: events.watch(job, subject))


def _daily(_body: Any) -> Remedy:
    return Remedy(None, lambda _session: events.start_daily())


def _update(body: Any) -> Remedy:
    """Read what SNS could not deliver, or what the function was given and failed at."""
    messages = [it["Sns"]["Message"] for it in body["Records"]] if "Records" in body else [body["Message"]]
    told = json.loads(messages[0]).get("event")

    def tell(_session: Session) -> None:
        for message in messages:
            events.announce_again(message)

    return Remedy(UUID(told["video_id"]) if told else None, tell)


READERS: Mapping[LetterQueue, Callable[[Any], Remedy]] = {
    LetterQueue.UPLOADS: _upload,
    LetterQueue.EXECUTIONS: _execution,
    LetterQueue.WATCHDOG: _job,
    LetterQueue.DAILY: _daily,
    LetterQueue.UPDATES: _update,
}
