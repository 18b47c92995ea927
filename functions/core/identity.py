"""The user pool: Cognito checks who somebody is; its tokens are read once and dropped."""

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from functions.core.aws import client
from functions.core.errors import (
    FieldError,
    InvalidCodeError,
    InvalidCredentialsError,
    InvalidInputError,
    NotConfirmedError,
    TooManyRequestsError,
)
from functions.core.settings import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

from contextlib import contextmanager


@dataclass(frozen=True)
class Identity:
    """Who signed in, as the pool knows them."""

    subject: UUID
    email: str
    display_name: str


class IdentityProvider:
    def sign_up(self, email: str, password: str, display_name: str) -> None:
        """Start an account. A known address is answered like a new one: nobody can ask who has one."""
        try:
            with _problems():
                _cognito().sign_up(
                    ClientId=settings().user_pool_client_id,
                    Username=email,
                    Password=password,
                    UserAttributes=[
                        {"Name": "email", "Value": email},
                        {"Name": "name", "Value": display_name},
                    ],
                )
        except _cognito().exceptions.UsernameExistsException:
            return

    def confirm(self, email: str, code: str) -> None:
        with _problems():
            _cognito().confirm_sign_up(
                ClientId=settings().user_pool_client_id, Username=email, ConfirmationCode=code
            )

    def resend(self, email: str) -> None:
        try:
            with _problems():
                _cognito().resend_confirmation_code(ClientId=settings().user_pool_client_id, Username=email)
        except (InvalidCredentialsError, InvalidInputError):
            return  # unknown or confirmed already: the answer is the same

    def authenticate(self, email: str, password: str) -> Identity:
        with _problems():
            answer = _cognito().admin_initiate_auth(
                UserPoolId=settings().user_pool_id,
                ClientId=settings().user_pool_client_id,
                AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": email, "PASSWORD": password},
            )
        return _identity(answer["AuthenticationResult"]["IdToken"])


def _identity(id_token: str) -> Identity:
    """Read the claims. The token came from Cognito itself over TLS, so its signature proves nothing more."""
    payload = id_token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return Identity(UUID(claims["sub"]), claims["email"], claims.get("name") or claims["email"].split("@")[0])


@contextmanager
def _problems() -> "Iterator[None]":
    """Turn the pool's refusals into ours; whatever is not expected stays what it is."""
    errors = _cognito().exceptions
    try:
        yield
    except errors.InvalidPasswordException as error:
        detail = (
            "Choose a longer password: at least 10 characters with upper and lower case letters and a digit."
        )
        raise InvalidInputError(detail, FieldError("password", detail)) from error
    except (errors.CodeMismatchException, errors.ExpiredCodeException) as error:
        raise InvalidCodeError("This code is wrong or too old. Check it, or ask for a new one.") from error
    except errors.UserNotConfirmedException as error:
        raise NotConfirmedError("Confirm your e-mail address first: enter the code we sent you.") from error
    except (errors.NotAuthorizedException, errors.UserNotFoundException) as error:
        raise InvalidCredentialsError("This e-mail address and password do not belong together.") from error
    except (
        errors.TooManyRequestsException,
        errors.LimitExceededException,
        errors.TooManyFailedAttemptsException,
    ) as error:
        raise TooManyRequestsError("That was too often. Wait a few minutes, then try again.") from error
    except errors.InvalidParameterException as error:
        raise InvalidInputError("These details cannot be used. Check them and try again.") from error


def _cognito() -> "CognitoIdentityProviderClient":
    made: CognitoIdentityProviderClient = client("cognito-idp")
    return made
