"""The user pool: Cognito checks who somebody is; its tokens are read once and dropped."""

import base64
import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from functions.core.aws import client
from functions.core.errors import (
    ChallengeOverError,
    FieldError,
    InvalidCodeError,
    InvalidCredentialsError,
    InvalidInputError,
    InvalidStateError,
    NotConfirmedError,
    TooManyRequestsError,
)
from functions.core.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_cognito_idp.type_defs import AuthenticationResultTypeTypeDef

WEAK_PASSWORD = (
    "Choose a longer password: at least 10 characters with upper and lower case letters and a digit."  # noqa: S105
)
LEAST_CHARACTERS, KINDS = 10, ("[A-Z]", "[a-z]", "[0-9]")  # as the pool's policy in stacks/data.py
WRONG_CODE = "This code is wrong or too old. Check it, or ask for a new one."
RETRY_AFTER_SECONDS = 60  # Cognito doesn't say for how long it refuses
_PROOF = "\n"
"""What the name of a sign-up that only proves an address begins with; nobody's own name does."""
CANNOT_SIGN_IN = "This account cannot sign in yet. Ask the person who runs this drive."


@dataclass(frozen=True)
class Identity:
    """Who signed in, as the pool knows them."""

    subject: UUID
    email: str
    display_name: str


@dataclass(frozen=True)
class PasswordProof:
    """The password was right, and the pool wants a code of the authenticator app too; its name for that."""

    email: str
    session: str


def demand_strength(password: str) -> None:
    """Refuse what the pool would: it looks at the address first, and so would tell known ones from others."""
    if len(password) < LEAST_CHARACTERS or not all(re.search(kind, password) for kind in KINDS):
        raise InvalidInputError(WEAK_PASSWORD, FieldError("password", WEAK_PASSWORD))


class IdentityProvider:
    """What the pool knows and decides. E-mail addresses are lower-case."""

    def sign_up(self, email: str, password: str, display_name: str) -> UUID | None:
        """Start an account and return its id, None for a known address.

        That is for the log: both are answered alike, after as many calls, so that nobody can ask who has an
        account.

        While nobody has shown that the address is theirs, the last to ask decides the password: else whoever
        asked first would hold the key to what its owner confirms.
        """
        free = self._is_free(email, display_name)
        try:
            return self._start_account(email, password, display_name)
        except _cognito().exceptions.UsernameExistsException:
            if not free:
                return None
            self._delete(email)
            return self._start_account(email, password, display_name)

    def prove_address(self, user_id: UUID, email: str) -> None:
        """Send a code to an address that somebody wants to sign in with; a taken one is answered alike.

        It is a sign-up with a password that nobody knows, which `move` ends.
        """
        self.sign_up(email, f"{secrets.token_urlsafe(32)}-aA1", _PROOF + str(user_id))

    def move(self, user_id: UUID, email: str, *, proved_by: UUID) -> None:
        """Let somebody sign in with another address instead, and end the sign-up that `confirm` has named."""
        self._delete(str(proved_by))
        try:
            with _problems():
                _cognito().admin_update_user_attributes(
                    UserPoolId=settings().user_pool_id,
                    Username=str(user_id),
                    UserAttributes=[
                        {"Name": "email", "Value": email},
                        {"Name": "email_verified", "Value": "true"},
                    ],
                )
        except _cognito().exceptions.AliasExistsException as error:  # by whoever was quicker
            raise InvalidCodeError(WRONG_CODE) from error

    def confirm(self, email: str, code: str) -> UUID:
        """Confirm an address and return whose it is; a confirmed one is answered like a wrong code."""
        try:
            with _problems():
                _cognito().confirm_sign_up(
                    ClientId=settings().user_pool_client_id, Username=email, ConfirmationCode=code
                )
        except InvalidCredentialsError as error:
            raise InvalidCodeError(WRONG_CODE) from error
        found = _cognito().admin_get_user(UserPoolId=settings().user_pool_id, Username=email)
        return UUID(found["Username"])

    def resend(self, email: str) -> None:
        """Send the code again; an unknown or a confirmed address is answered alike."""
        try:
            with _problems():
                _cognito().resend_confirmation_code(ClientId=settings().user_pool_client_id, Username=email)
        except (InvalidCredentialsError, InvalidInputError):
            return

    def authenticate(self, email: str, password: str) -> Identity | PasswordProof:
        """Check a password; either answer says that it is right."""
        found = self._check(email, password)
        return found if isinstance(found, PasswordProof) else _identity(found["IdToken"])

    def answer(self, proof: PasswordProof, code: str) -> Identity:
        """Answer a challenge with a code of the authenticator app."""
        try:
            with _problems():
                answer = _cognito().admin_respond_to_auth_challenge(
                    UserPoolId=settings().user_pool_id,
                    ClientId=settings().user_pool_client_id,
                    ChallengeName="SOFTWARE_TOKEN_MFA",
                    ChallengeResponses={"USERNAME": proof.email, "SOFTWARE_TOKEN_MFA_CODE": code},
                    Session=proof.session,
                )
        except InvalidCredentialsError as error:
            raise ChallengeOverError from error
        return _identity(answer["AuthenticationResult"]["IdToken"])

    def start_totp(self, email: str, password: str) -> str:
        """Return a new secret for an authenticator app, in base 32; it counts once a code of it was given."""
        with _problems():
            answer = _cognito().associate_software_token(AccessToken=self._access_token(email, password))
        return answer["SecretCode"]

    def enable_totp(self, user_id: UUID, email: str, password: str, code: str) -> None:
        """From now on a password is not enough; `code` shows that the app has the secret started last."""
        with _problems():
            _cognito().verify_software_token(AccessToken=self._access_token(email, password), UserCode=code)
            self._prefer_totp(user_id, preferred=True)

    def disable_totp(self, user_id: UUID) -> None:
        with _problems():
            self._prefer_totp(user_id, preferred=False)

    @staticmethod
    def _prefer_totp(user_id: UUID, *, preferred: bool) -> None:
        _cognito().admin_set_user_mfa_preference(
            UserPoolId=settings().user_pool_id,
            Username=str(user_id),
            SoftwareTokenMfaSettings={"Enabled": preferred, "PreferredMfa": preferred},
        )

    def _access_token(self, email: str, password: str) -> str:
        found = self._check(email, password)
        if isinstance(found, PasswordProof):
            raise InvalidStateError("An authenticator app is set up already. Turn it off first.")
        return found["AccessToken"]

    @staticmethod
    def _check(email: str, password: str) -> "AuthenticationResultTypeTypeDef | PasswordProof":
        with _problems():
            answer = _cognito().admin_initiate_auth(
                UserPoolId=settings().user_pool_id,
                ClientId=settings().user_pool_client_id,
                AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": email, "PASSWORD": password},
            )
        if answer.get("ChallengeName") == "SOFTWARE_TOKEN_MFA":
            return PasswordProof(email, answer["Session"])
        if "AuthenticationResult" not in answer:  # a challenge that an operator set and we don't know
            raise InvalidStateError(CANNOT_SIGN_IN)
        return answer["AuthenticationResult"]

    def forgot(self, email: str) -> None:
        """Send a code for a new password, if there is such an account; any other is answered alike."""
        try:
            with _problems():
                _cognito().forgot_password(ClientId=settings().user_pool_client_id, Username=email)
        except (InvalidCredentialsError, InvalidInputError):
            return

    def reset(self, email: str, code: str, password: str) -> None:
        """Set a new password with the code that was sent."""
        try:
            with _problems():
                _cognito().confirm_forgot_password(
                    ClientId=settings().user_pool_client_id,
                    Username=email,
                    ConfirmationCode=code,
                    Password=password,
                )
        except InvalidCredentialsError as error:
            raise InvalidCodeError(WRONG_CODE) from error

    def delete(self, user_id: UUID) -> None:
        """Forget somebody for good; who is not there is no error."""
        with suppress(_cognito().exceptions.UserNotFoundException):
            self._delete(str(user_id))

    def set_password(self, user_id: UUID, password: str) -> None:
        try:
            with _problems():
                _cognito().admin_set_user_password(
                    UserPoolId=settings().user_pool_id,
                    Username=str(user_id),
                    Password=password,
                    Permanent=True,
                )
        except InvalidInputError as error:
            raise InvalidInputError(WEAK_PASSWORD, FieldError("new_password", WEAK_PASSWORD)) from error

    @staticmethod
    def _start_account(email: str, password: str, display_name: str) -> UUID:
        with _problems():
            answer = _cognito().sign_up(
                ClientId=settings().user_pool_client_id,
                Username=email,
                Password=password,
                UserAttributes=[{"Name": "email", "Value": email}, {"Name": "name", "Value": display_name}],
            )
        return UUID(answer["UserSub"])

    @staticmethod
    def _is_free(email: str, display_name: str) -> bool:
        """Tell whether nobody has shown that the address is theirs, or only for what was then cut off."""
        try:
            found = _cognito().admin_get_user(UserPoolId=settings().user_pool_id, Username=email)
        except _cognito().exceptions.UserNotFoundException:
            return False
        names = [it.get("Value", "") for it in found["UserAttributes"] if it["Name"] == "name"]
        cut_off = names == [display_name] and display_name.startswith(_PROOF)
        return found["UserStatus"] == "UNCONFIRMED" or cut_off

    @staticmethod
    def _delete(username: str) -> None:
        _cognito().admin_delete_user(UserPoolId=settings().user_pool_id, Username=username)


def _identity(id_token: str) -> Identity:
    """Read the claims. The token came from Cognito itself over TLS, so its signature proves nothing more."""
    payload = id_token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return Identity(UUID(claims["sub"]), claims["email"], claims.get("name") or claims["email"].split("@")[0])


@contextmanager
def _problems() -> Iterator[None]:
    """Turn the pool's refusals into ours; whatever is not expected stays what it is."""
    errors = _cognito().exceptions
    try:
        yield
    except errors.InvalidPasswordException as error:
        raise InvalidInputError(WEAK_PASSWORD, FieldError("password", WEAK_PASSWORD)) from error
    except (
        errors.CodeMismatchException,
        errors.ExpiredCodeException,
        errors.EnableSoftwareTokenMFAException,
    ) as error:
        raise InvalidCodeError(WRONG_CODE) from error
    except errors.UserNotConfirmedException as error:
        raise NotConfirmedError("Confirm your e-mail address first: enter the code we sent you.") from error
    except (errors.NotAuthorizedException, errors.UserNotFoundException) as error:
        raise InvalidCredentialsError("This e-mail address and password do not belong together.") from error
    except errors.PasswordResetRequiredException as error:
        raise InvalidStateError(CANNOT_SIGN_IN) from error
    except errors.CodeDeliveryFailureException as error:
        raise InvalidStateError("The code could not be sent to this address. Try again later.") from error
    except (
        errors.TooManyRequestsException,
        errors.LimitExceededException,
        errors.TooManyFailedAttemptsException,
    ) as error:
        detail = "That was too often. Wait a few minutes, then try again."
        raise TooManyRequestsError(detail, retry_after=RETRY_AFTER_SECONDS) from error
    except errors.InvalidParameterException as error:
        raise InvalidInputError("These details cannot be used. Check them and try again.") from error


def _cognito() -> "CognitoIdentityProviderClient":
    made: CognitoIdentityProviderClient = client("cognito-idp")
    return made
