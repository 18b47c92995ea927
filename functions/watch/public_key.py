"""CloudFormation custom resource: the public half of the signing key, as CloudFront wants to be told it."""

import base64
import textwrap
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.core import custom_resource
from functions.core.aws import client
from functions.core.observability import logger, observed

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


@observed
def handle(event: dict[str, Any], _context: LambdaContext) -> None:
    """Answer CloudFormation whatever happens, or the deployment would wait for its time limit."""
    try:
        data = {} if event["RequestType"] == "Delete" else {"Pem": pem(event["ResourceProperties"]["KeyId"])}
    except Exception as error:  # noqa: BLE001 (see above)
        logger.exception("No public key")
        custom_resource.respond(event, "FAILED", {}, f"No public key: {type(error).__name__}. See its log.")
    else:
        custom_resource.respond(event, "SUCCESS", data, "")


def pem(key_id: str) -> str:
    """Return the public key in PEM; CloudFront refuses it without the newline at its end."""
    kms: KMSClient = client("kms")
    encoded = base64.b64encode(kms.get_public_key(KeyId=key_id)["PublicKey"]).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{textwrap.fill(encoded, 64)}\n-----END PUBLIC KEY-----\n"
