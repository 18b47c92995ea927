"""What the drive writes to people itself, where the stage has a sender of its own; codes are Cognito's."""

from typing import Any

from functions.core.aws import client
from functions.core.settings import settings


def send(to: str, subject: str, text: str) -> None:
    if not settings().email_sender:
        return
    ses: Any = client("sesv2")
    ses.send_email(
        FromEmailAddress=f"StreamTime <{settings().email_sender}>",
        Destination={"ToAddresses": [to]},
        Content={"Simple": {"Subject": {"Data": subject}, "Body": {"Text": {"Data": text}}}},
    )
