"""How often something may be tried: counters in DynamoDB, so that refusing does not wake the database."""

import math
import time
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from functions.core.aws import client
from functions.core.errors import TooManyRequestsError
from functions.core.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class Limit:
    """`burst` tries at once, and one more `every` so often; whatever `name` counts, counts for itself.

    A subject has one number: when all its tries will be free again. A try moves it on by `every`, in one
    conditional statement, so that of tries at once no more get through than are left.
    """

    name: str
    burst: int
    every: timedelta

    def take(self, subject: str) -> None:
        """Use up a try of `subject`, or raise TooManyRequestsError; a refused one costs nothing."""
        moment, step = _milliseconds(), int(self.every.total_seconds() * 1000)
        latest = moment + (self.burst - 1) * step
        free_at = _book(self._key(subject), moment=moment, step=step, latest=latest)
        if free_at > latest:
            raise TooManyRequestsError(
                "That was tried too often. Wait a little, then try again.",
                retry_after=math.ceil((free_at - latest) / 1000),
            )

    def give_back(self, subject: str) -> None:
        """Make a try undone that turned out to be rightful."""
        _unbook(self._key(subject), step=int(self.every.total_seconds() * 1000))

    def _key(self, subject: str) -> str:
        """Name the counter; whose it is cannot be read from the table."""
        return sha256(f"{self.name}\0{subject}".encode()).hexdigest()


def _book(key: str, *, moment: int, step: int, latest: int) -> int:
    """Move when all tries are free again on by `step`; return when that was: past `latest` nothing moved.

    All in milliseconds of the epoch. Of a counter that is due or new, the time begins now.
    """
    try:
        _update(
            key,
            "SET free_at = :next, expires_at = :expires",
            "attribute_not_exists(free_at) OR free_at <= :moment",
            {":next": moment + step, ":moment": moment, ":expires": _seconds(latest + 2 * step)},
        )
    except _dynamodb().exceptions.ConditionalCheckFailedException:
        pass
    else:
        return moment
    try:
        _update(
            key,
            "SET free_at = free_at + :step, expires_at = :expires",
            "free_at <= :latest",
            {":step": step, ":latest": latest, ":expires": _seconds(latest + 2 * step)},
        )
    except _dynamodb().exceptions.ConditionalCheckFailedException as refused:
        found = refused.response["Item"]  # type: ignore[typeddict-item]  # asked for, and unknown to the stubs
        return int(found["free_at"]["N"])
    return latest


def _unbook(key: str, *, step: int) -> None:
    try:
        _update(key, "SET free_at = free_at - :step", "attribute_exists(free_at)", {":step": step})
    except _dynamodb().exceptions.ConditionalCheckFailedException:
        return


def _update(key: str, change: str, condition: str, values: dict[str, int]) -> None:
    _dynamodb().update_item(
        TableName=settings().limits_table,
        Key={"subject": {"S": key}},
        UpdateExpression=change,
        ConditionExpression=condition,
        ExpressionAttributeValues={name: {"N": str(value)} for name, value in values.items()},
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000


def _seconds(milliseconds: int) -> int:
    return math.ceil(milliseconds / 1000)


def _dynamodb() -> "DynamoDBClient":
    made: DynamoDBClient = client("dynamodb")
    return made
