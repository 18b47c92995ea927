"""The log of changes, written with the change itself, and the doorbells rung after the commit."""

import json
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from functions.core.aws import client
from functions.core.database import after_commit
from functions.core.models import Event, EventKind, User, Video
from functions.core.models import Session as BrowserSession
from functions.core.settings import settings
from functions.core.views import EventView, VideoView

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

LONGEST_DELAY = 900  # seconds, of an SQS message
MOST_SPARED = 1000  # sessions, for a message to SNS has to end somewhere
START_WITHIN_SECONDS = 900  # after a video is complete; then the sweep function starts the processing itself


def record(session: Session, video: Video, kind: EventKind = EventKind.CHANGED) -> None:
    """Append the video's new state to its owner's log and tell the owner's open pages after the commit.

    Taking the number locks the user's row until the commit: numbers become visible in their own order,
    so a reader who has seen n will never be handed a smaller one later.
    """
    next_seq = update(User).where(User.id == video.owner_id).values(last_event_seq=User.last_event_seq + 1)
    seq = session.execute(next_seq.returning(User.last_event_seq)).scalar_one()
    view = None if kind is EventKind.REMOVED else VideoView.of(video)
    event = Event(
        user_id=video.owner_id,
        seq=seq,
        video_id=video.id,
        kind=kind,
        payload=None if view is None else view.model_dump(mode="json"),
    )
    session.add(event)
    message = {"user_id": str(event.user_id), "event": EventView.of(event).model_dump(mode="json")}
    after_commit(session, lambda: _announce(message))


def record_change(session: Session, video: Video) -> Video:
    """Give the video, which its caller has locked and changed, its next version, and tell of it."""
    video.version += 1
    session.flush()
    record(session, video)
    return video


def _announce(message: Mapping[str, object]) -> None:
    sns: SNSClient = client("sns")
    sns.publish(TopicArn=settings().updates_topic_arn, Message=json.dumps(message))


def announce_again(message: str) -> None:
    """Tell what open pages were not told in time; those that know it by now pay no heed."""
    _announce(json.loads(message))


def close_sockets(user_id: UUID, *, but: Sequence[BrowserSession] = (), for_good: bool = False) -> None:
    """Have the open sockets of a person closed, by the one function that may, `but` for those of sessions.

    Tickets go too `for_good`. A page that is closed though its session goes on opens a socket anew.
    """
    spared = [str(browser.id) for browser in but[:MOST_SPARED]]
    _announce({"user_id": str(user_id), "close": True, "but": spared, "for_good": for_good})


def write_to(session: Session, address: str, subject: str, text: str) -> None:
    """Have a message sent after the commit, by the function that may; see core.mail."""
    mail = {"to": address, "subject": subject, "text": text}
    after_commit(session, lambda: _announce({"mail": mail}))


def watch(job: str, video_id: object, *, seconds: int = 0) -> None:
    """Have the sweep function do `job` for the video in `seconds`, by a message that hops until it is due.

    Send it before the commit of what it looks after: a worker that dies between the two has then sent one too
    many, which changes nothing, and never one too few. The job waits for the commit at the video's row.
    """
    message = {"job": job, "video_id": str(video_id), "due": int(time.time()) + seconds}
    _tell_sweep(message, delay=min(max(seconds, 0), LONGEST_DELAY))


def start_daily() -> None:
    """Have the sweep function look over the whole drive now, as its schedule does every day."""
    _tell_sweep({"job": "daily"})


def _tell_sweep(message: Mapping[str, object], *, delay: int = 0) -> None:
    sqs: SQSClient = client("sqs")
    sqs.send_message(
        QueueUrl=settings().watchdog_queue_url, MessageBody=json.dumps(message), DelaySeconds=delay
    )


def start_processing(source_key: str) -> None:
    """Start the state machine, as the bucket's own event does after an upload."""
    sfn: SFNClient = client("stepfunctions")
    sfn.start_execution(
        stateMachineArn=settings().state_machine_arn, input=json.dumps({"source_key": source_key})
    )


def start_frame(video: Video, at_ms: int) -> None:
    """Start the state machine to make a picture of one moment of a video that is ready."""
    sfn: SFNClient = client("stepfunctions")
    job = {
        "video_id": str(video.id),
        "revision": video.revision,
        "attempt": video.attempt,
        "source_key": video.source_key,
    }
    sfn.start_execution(
        stateMachineArn=settings().state_machine_arn, input=json.dumps({"job": job, "at_ms": at_ms})
    )


def stop_processing(execution: str) -> None:
    """Stop an execution; one that has ended already is no error."""
    sfn: SFNClient = client("stepfunctions")
    try:
        sfn.stop_execution(executionArn=execution, cause="Nobody waits for this run any more.")
    except sfn.exceptions.ExecutionDoesNotExist:
        return
