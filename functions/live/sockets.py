"""Tickets and open sockets, kept in DynamoDB so that a tab opening does not wake the database."""

import secrets
import time
from collections.abc import Collection, Iterator, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from functions.core.aws import client
from functions.core.observability import logger
from functions.core.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

TICKET_SECONDS = 30
OPENING_SECONDS = 30
SOCKET_SECONDS = 2 * 3600  # API Gateway closes a socket after two hours


class Page(NamedTuple):
    """Who looks at a page, and in which session; nobody knows that of what the release before opened."""

    user_id: str
    session_id: str


def issue_ticket(page: Page) -> str:
    """Return a new ticket; only its hash is kept."""
    ticket = secrets.token_urlsafe(32)
    _dynamodb().put_item(
        TableName=settings().tickets_table,
        Item={
            "token_hash": {"S": _hash(ticket)},
            **_item(page),
            "expires_at": {"N": str(int(time.time()) + TICKET_SECONDS)},
        },
    )
    return ticket


def redeem_ticket(ticket: str) -> Page | None:
    """Take the ticket out of the table and return whose it was, or None.

    The delete hands over the item to one caller only, so that a ticket opens one socket whatever the race.
    """
    answer = _dynamodb().delete_item(
        TableName=settings().tickets_table, Key={"token_hash": {"S": _hash(ticket)}}, ReturnValues="ALL_OLD"
    )
    item = answer.get("Attributes")
    if item is None or int(item["expires_at"]["N"]) < time.time():
        return None
    return _page(item)


def take_back_tickets(user_id: str) -> None:
    """Take the tickets of a person out of the table. It has few: each is good for seconds."""
    pages = (
        _dynamodb()
        .get_paginator("scan")
        .paginate(
            TableName=settings().tickets_table,
            FilterExpression="user_id = :user",
            ExpressionAttributeValues={":user": {"S": user_id}},
            ProjectionExpression="token_hash",
        )
    )
    for page in pages:
        for item in page["Items"]:
            _dynamodb().delete_item(
                TableName=settings().tickets_table, Key={"token_hash": item["token_hash"]}
            )


def remember(connection_id: str, page: Page) -> None:
    _dynamodb().put_item(
        TableName=settings().connections_table,
        Item={
            "connection_id": {"S": connection_id},
            **_item(page),
            "expires_at": {"N": str(int(time.time()) + SOCKET_SECONDS)},
        },
    )


def forget(connection_id: str) -> None:
    _dynamodb().delete_item(
        TableName=settings().connections_table, Key={"connection_id": {"S": connection_id}}
    )


def whose(connection_id: str) -> Page | None:
    """Return who is at the other end of a socket."""
    answer = _dynamodb().get_item(
        TableName=settings().connections_table,
        Key={"connection_id": {"S": connection_id}},
    )
    item = answer.get("Item")
    return _page(item) if item else None


def tell(user_id: str, message: bytes, *, but: str | None = None) -> None:
    """Send to all sockets of a person, or to all but one.

    One that fails must not keep the others waiting: its page catches up by itself.
    """
    for connection_id in _of_user(user_id):
        if connection_id == but:
            continue
        try:
            send(connection_id, message)
        except ClientError:
            logger.exception("A socket could not be told", connection_id=connection_id)


def close(user_id: str, *, but: Collection[str] = ()) -> None:
    """Close all sockets of a person, `but` for those of sessions that go on.

    Raises if one stayed open, after the others: it can be done again.
    """
    gateway = _gateway()
    refused: ClientError | None = None
    for connection_id in _of_user(user_id):
        if but and (page := whose(connection_id)) and page.session_id in but:
            continue
        try:
            gateway.delete_connection(ConnectionId=connection_id)
        except gateway.exceptions.GoneException:
            _forget_unless_new(connection_id)
        except ClientError as error:
            refused = error
    if refused is not None:
        raise refused


def _of_user(user_id: str) -> Iterator[str]:
    pages = (
        _dynamodb()
        .get_paginator("query")
        .paginate(
            TableName=settings().connections_table,
            IndexName="by-user",
            KeyConditionExpression="user_id = :user",
            ExpressionAttributeValues={":user": {"S": user_id}},
        )
    )
    for page in pages:
        for item in page["Items"]:
            yield item["connection_id"]["S"]


def send(connection_id: str, message: bytes) -> None:
    """Send down one socket; a socket that is gone is forgotten."""
    gateway = _gateway()
    try:
        gateway.post_to_connection(ConnectionId=connection_id, Data=message)
    except gateway.exceptions.GoneException:
        _forget_unless_new(connection_id)


def _forget_unless_new(connection_id: str) -> None:
    """Forget a socket that is gone. One that is only being opened is called gone too, and must stay.

    What it misses meanwhile, its page asks for as soon as it is open.
    """
    opened_long_ago = str(int(time.time()) + SOCKET_SECONDS - OPENING_SECONDS)
    try:
        _dynamodb().delete_item(
            TableName=settings().connections_table,
            Key={"connection_id": {"S": connection_id}},
            ConditionExpression="expires_at < :opened_long_ago",
            ExpressionAttributeValues={":opened_long_ago": {"N": opened_long_ago}},
        )
    except _dynamodb().exceptions.ConditionalCheckFailedException:
        return


def _item(page: Page) -> "dict[str, AttributeValueTypeDef]":
    return {"user_id": {"S": page.user_id}, "session_id": {"S": page.session_id}}


def _page(item: "Mapping[str, AttributeValueTypeDef]") -> Page:
    return Page(item["user_id"]["S"], item.get("session_id", {"S": ""})["S"])


def _hash(ticket: str) -> str:
    return sha256(ticket.encode()).hexdigest()


def _gateway() -> "ApiGatewayManagementApiClient":
    made: ApiGatewayManagementApiClient = client("apigatewaymanagementapi", settings().live_endpoint)
    return made


def _dynamodb() -> "DynamoDBClient":
    made: DynamoDBClient = client("dynamodb")
    return made
