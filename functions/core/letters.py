"""Dead letters: messages that nobody could handle, kept in queues of their own for who mends the cause."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from functions.core.aws import client
from functions.core.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

AT_ONCE = 10  # messages, of which SQS gives no more
REASONS = ("ERROR_MESSAGE", "ErrorMessage")  # as EventBridge and Scheduler, as Lambda and SNS call it
LONGEST_REASON = 300


class LetterQueue(StrEnum):
    """Whose messages they are: each is a queue of the stage."""

    UPLOADS = "uploads"
    EXECUTIONS = "executions"
    WATCHDOG = "watchdog"
    DAILY = "daily"
    UPDATES = "updates"


@dataclass(frozen=True)
class Letter:
    """A message as it was sent, None if it is no JSON; `reason` is what AWS says of why it is here."""

    id: str
    body: Any
    sent_at: datetime
    reason: str | None
    receipt: str


def count(queue: LetterQueue) -> int:
    """Return about how many there are, those that are being looked at too."""
    answer = _sqs().get_queue_attributes(
        QueueUrl=_url(queue),
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )
    return sum(int(number) for number in answer["Attributes"].values())


def look(queue: LetterQueue) -> list[Letter]:
    """Return some of them, and leave them where they are."""
    return _receive(queue, hidden_for=0)


def take(queue: LetterQueue, *, most: int) -> Iterator[Letter]:
    """Hand out letters one by one; each is back after a minute unless it was removed."""
    taken = 0
    while taken < most and (found := _receive(queue, hidden_for=60)):
        taken += len(found)
        yield from found


def remove(queue: LetterQueue, letter: Letter) -> None:
    _sqs().delete_message(QueueUrl=_url(queue), ReceiptHandle=letter.receipt)


def _receive(queue: LetterQueue, *, hidden_for: int) -> list[Letter]:
    answer = _sqs().receive_message(
        QueueUrl=_url(queue),
        MaxNumberOfMessages=AT_ONCE,
        VisibilityTimeout=hidden_for,
        WaitTimeSeconds=1,  # without, SQS asks some of its servers only, and there may be none
        MessageSystemAttributeNames=["SentTimestamp"],
        MessageAttributeNames=["All"],
    )
    return [_letter(message) for message in answer.get("Messages", [])]


def _letter(message: "MessageTypeDef") -> Letter:
    told = message.get("MessageAttributes", {})
    reason = next((told[name].get("StringValue") for name in REASONS if name in told), None)
    try:
        body = json.loads(message["Body"])
    except ValueError:
        body = None
    sent_at = datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC)
    return Letter(
        message["MessageId"], body, sent_at, reason and reason[:LONGEST_REASON], message["ReceiptHandle"]
    )


def _url(queue: LetterQueue) -> str:
    return settings().dead_letter_queues[queue]


def _sqs() -> "SQSClient":
    made: SQSClient = client("sqs")
    return made
