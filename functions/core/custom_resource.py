"""CloudFormation custom resources: the answer it waits for."""

import json
import time
import urllib.request
from collections.abc import Mapping
from typing import Any

TRIES = 4


def respond(event: Mapping[str, Any], status: str, data: Mapping[str, str], reason: str) -> None:
    """Tell CloudFormation how the custom resource of `event` went: "SUCCESS" or "FAILED" with a reason.

    `data` is what the template can read with Fn::GetAtt. Raises OSError when the answer cannot be delivered.
    """
    body = {
        "Status": status,
        "Reason": reason,
        "PhysicalResourceId": event.get("PhysicalResourceId") or event["LogicalResourceId"],
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": dict(data),
    }
    # The address is signed for an empty content type.
    request = urllib.request.Request(  # noqa: S310 (an address of CloudFormation's own)
        event["ResponseURL"], data=json.dumps(body).encode(), method="PUT", headers={"content-type": ""}
    )
    for attempt in range(TRIES):
        try:
            with urllib.request.urlopen(request, timeout=10):  # noqa: S310
                return
        except OSError:
            if attempt == TRIES - 1:
                raise
            time.sleep(2**attempt)
