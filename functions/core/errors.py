"""Expected failures: what went wrong, in a stable code and a sentence that says what to do."""

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus


class FailureCode(StrEnum):
    """Why a video could not be processed."""

    NOT_A_VIDEO = "not_a_video"
    CORRUPT = "corrupt"
    NO_VIDEO = "no_video"
    TOO_LONG = "too_long"
    TOO_LARGE = "too_large"
    DAILY_LIMIT = "daily_limit"
    CANCELLED = "cancelled"
    LOST = "lost"
    INTERNAL = "internal"


class SourceRejectedError(Exception):
    """The uploaded file can never become a video: trying again would end the same way.

    Step Functions sees the class name as the error and the code as its message.
    """

    def __init__(self, code: FailureCode) -> None:
        super().__init__(code.value)
        self.code = code


@dataclass(frozen=True)
class FieldError:
    """One field of a request that cannot be taken as it is."""

    field: str
    message: str


class ProblemError(Exception):
    """A request that cannot be served, told as an RFC 9457 problem."""

    status = HTTPStatus.BAD_REQUEST
    code = "invalid_input"

    def __init__(self, detail: str, **extra: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra
        self.headers: dict[str, str] = {}


class InvalidInputError(ProblemError):
    def __init__(self, detail: str, *errors: FieldError) -> None:
        super().__init__(detail, errors=[{"field": e.field, "message": e.message} for e in errors])


class UnsupportedMediaTypeError(InvalidInputError):
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE

    def __init__(self) -> None:
        super().__init__("Send the request's body as application/json.")


class NotedError(ProblemError):
    """A refusal of which something is written down: what the request has changed so far is kept."""


class InvalidCodeError(NotedError):
    code = "invalid_code"


class NotSignedInError(ProblemError):
    status = HTTPStatus.UNAUTHORIZED
    code = "not_signed_in"

    def __init__(self, detail: str = "Please sign in to go on.") -> None:
        super().__init__(detail)


class ReauthenticateError(ProblemError):
    status = HTTPStatus.UNAUTHORIZED
    code = "reauthenticate"

    def __init__(self, detail: str = "Confirm that it is you: enter your password again.") -> None:
        super().__init__(detail)


class InvalidCredentialsError(NotedError):
    status = HTTPStatus.UNAUTHORIZED
    code = "invalid_credentials"


class ChallengeOverError(ProblemError):
    """What a password began took too long or too many tries."""

    status = HTTPStatus.UNAUTHORIZED
    code = "challenge_over"

    def __init__(self) -> None:
        super().__init__("This took too long, or too many tries. Sign in again.")


class CodeRequiredError(ProblemError):
    status = HTTPStatus.UNAUTHORIZED
    code = "code_required"

    def __init__(self) -> None:
        super().__init__("Enter the code that your authenticator app shows as well.")


class WrongPasswordError(NotedError):
    """Somebody who is signed in gave another password than theirs."""

    status = HTTPStatus.FORBIDDEN
    code = "wrong_password"

    def __init__(self, field: str = "password") -> None:
        detail = "This is not your password."
        super().__init__(detail, errors=[{"field": field, "message": detail}])


class PasscodeNeededError(ProblemError):
    status = HTTPStatus.FORBIDDEN
    code = "passcode_needed"

    def __init__(self, detail: str = "Enter the passcode that belongs to this link.") -> None:
        super().__init__(detail)


class WrongPasscodeError(NotedError):
    status = HTTPStatus.FORBIDDEN
    code = "wrong_passcode"

    def __init__(self) -> None:
        detail = "This is not the passcode of this link."
        super().__init__(detail, errors=[{"field": "passcode", "message": detail}])


class SignUpRefusedError(ProblemError):
    status = HTTPStatus.FORBIDDEN
    code = "sign_up_refused"


class NotConfirmedError(ProblemError):
    status = HTTPStatus.FORBIDDEN
    code = "not_confirmed"


class CrossSiteError(ProblemError):
    status = HTTPStatus.FORBIDDEN
    code = "cross_site"


class NotThroughEdgeError(ProblemError):
    status = HTTPStatus.FORBIDDEN
    code = "not_through_edge"

    def __init__(self, detail: str = "Open your drive at its own address.") -> None:
        super().__init__(detail)


class NotFoundError(ProblemError):
    """There is no such thing, or it is somebody else's: the answer is the same."""

    status = HTTPStatus.NOT_FOUND
    code = "not_found"

    def __init__(self, detail: str = "There is nothing here, or it is not yours to see.") -> None:
        super().__init__(detail)


class InTrashError(ProblemError):
    """What its owner is told, and nobody else."""

    status = HTTPStatus.GONE
    code = "in_trash"

    def __init__(self, detail: str = "This video is in your trash. Restore it to watch it.") -> None:
        super().__init__(detail)


class InvalidStateError(ProblemError):
    status = HTTPStatus.CONFLICT
    code = "invalid_state"


class QuotaExceededError(ProblemError):
    status = HTTPStatus.CONFLICT
    code = "quota_exceeded"


class FileTooLargeError(ProblemError):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "file_too_large"


class PartsMissingError(ProblemError):
    status = HTTPStatus.CONFLICT
    code = "parts_missing"


class SizeMismatchError(ProblemError):
    status = HTTPStatus.CONFLICT
    code = "size_mismatch"


class StillJoiningError(ProblemError):
    """S3 takes its time for the last step; it goes on, and asking again tells how it ended."""

    status = HTTPStatus.CONFLICT
    code = "still_joining"

    def __init__(self) -> None:
        super().__init__("All of it has arrived, and is being put together. Ask again in a moment.")


class ChecksumMismatchError(ProblemError):
    status = HTTPStatus.CONFLICT
    code = "checksum_mismatch"


class DuplicateError(ProblemError):
    status = HTTPStatus.CONFLICT
    code = "duplicate"


class VersionConflictError(ProblemError):
    status = HTTPStatus.PRECONDITION_FAILED
    code = "version_conflict"


class VersionRequiredError(ProblemError):
    status = HTTPStatus.PRECONDITION_REQUIRED
    code = "version_required"


class TooManyRequestsError(ProblemError):
    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "too_many_requests"

    def __init__(self, detail: str, *, retry_after: int) -> None:
        """Refuse for `retry_after` seconds."""
        super().__init__(detail)
        self.headers = {"Retry-After": str(retry_after)}


class WakingError(ProblemError):
    """The database is paused and has begun to wake up."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "waking"

    def __init__(self) -> None:
        super().__init__("Your drive is waking up. This takes a few seconds.")
        self.headers = {"Retry-After": "3"}
