"""HTTP API: sign-up, sign-in and its sessions, passwords, me."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal
from urllib.parse import quote
from uuid import UUID

from aws_lambda_powertools.event_handler import Request, Response
from aws_lambda_powertools.event_handler.depends import Depends
from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import AfterValidator, BaseModel, EmailStr, Field

from functions.accounts.devices import describe
from functions.accounts.service import Accounts
from functions.core.caller import (
    SESSION_COOKIE,
    AuditJournal,
    CurrentSession,
    CurrentUser,
    DatabaseSession,
    RecentUser,
    session_token,
)
from functions.core.http import SecretText, Site, Text, answer, cookie, no_content
from functions.core.identity import IdentityProvider
from functions.core.models import Challenge, Export
from functions.core.models import Session as BrowserSession
from functions.core.settings import settings
from functions.core.storage import DOWNLOAD_URL_SECONDS, media_storage
from functions.core.views import Download, Me, Page, View

router = APIGatewayHttpRouter()

Email = Annotated[EmailStr, Field(max_length=320)]
LowerEmail = Annotated[Email, AfterValidator(str.lower)]
Password = Annotated[SecretText, Field(min_length=1, max_length=256)]
Name = Annotated[Text, Field(min_length=1, max_length=100)]
SecondFactor = Annotated[Text, Field(min_length=6, max_length=40), AfterValidator(str.strip)]
Code = Annotated[str, Field(pattern=r"^\s*\d{6}\s*$"), AfterValidator(str.strip)]


def _accounts(session: DatabaseSession, journal: AuditJournal) -> Accounts:
    return Accounts(session, IdentityProvider(), journal)


AccountsUseCases = Annotated[Accounts, Depends(_accounts)]


class SignUp(BaseModel):
    email: Email
    password: Password
    display_name: Name


class Confirm(BaseModel):
    email: LowerEmail
    code: Code


class OldPassword(BaseModel):
    password: Password


class Address(BaseModel):
    email: Email


class SignIn(BaseModel):
    email: LowerEmail
    password: Password


class Reset(BaseModel):
    email: LowerEmail
    code: Code
    password: Password


class Answer(BaseModel):
    """`code` is of the authenticator app, or a recovery code."""

    challenge: Annotated[Text, Field(max_length=100)]
    code: SecondFactor


class Proof(BaseModel):
    """`code` is wanted from who has an authenticator app."""

    password: Password
    code: SecondFactor | None = None


class TotpProof(BaseModel):
    password: Password
    code: Code


class NewPassword(BaseModel):
    """`password` is the one until now."""

    password: Password
    new_password: Password


class Profile(BaseModel):
    display_name: Name


class CodeSent(View):
    """`code_hint` is the code itself where the stage sends no e-mail, else None."""

    email: str
    code_hint: str | None


class ChallengeSent(View):
    """The password was right; `challenge` and a code are wanted within `expires_in` seconds."""

    challenge: str
    expires_in: int


A_CODE_IS_WANTED: dict[int, OpenAPIResponse] = {
    HTTPStatus.OK: {"description": "Signed in", "content": {"application/json": {"model": Me}}},
    HTTPStatus.ACCEPTED: {
        "description": "A code is wanted",
        "content": {"application/json": {"model": ChallengeSent}},
    },
}


class TotpSecret(View):
    """For an authenticator app: to be typed, to be opened, and as the rows of a QR code, "1" is dark."""

    secret: str
    uri: str
    qr: list[str]


class RecoveryCodes(View):
    """Shown this once; each stands in for the authenticator app one time."""

    codes: list[str]


class SecondFactorState(View):
    since: datetime | None
    recovery_codes_left: int


class SignUpPolicy(View):
    """Who may sign up: everybody, addresses of `domains` where there are some, or nobody."""

    sign_up: Literal["open", "closed"]
    domains: list[str]


class ExportState(View):
    """Nothing of it is known where nobody asked; it is being made until there is a `ready_at`."""

    asked_at: datetime | None
    ready_at: datetime | None
    expires_at: datetime | None
    size_bytes: int | None

    @classmethod
    def of(cls, export: Export | None) -> "ExportState":
        return cls(**{name: getattr(export, name, None) for name in cls.model_fields})


class Device(View):
    """A signed-in browser; `current` is the one that asks. Nobody may know what it is, or where."""

    id: UUID
    browser: str | None
    system: str | None
    network: str | None
    created_at: datetime
    last_seen_at: datetime
    current: bool


# Accounts that begin


@router.get("/api/auth/policy", tags=["accounts"])
def policy() -> SignUpPolicy:
    return SignUpPolicy(sign_up=settings().sign_up, domains=list(settings().sign_up_domains))


@router.post("/api/auth/sign-up", status_code=HTTPStatus.ACCEPTED, tags=["accounts"])
def sign_up(body: SignUp, accounts: AccountsUseCases) -> CodeSent:
    accounts.sign_up(
        email=body.email.lower(),
        password=body.password.get_secret_value(),
        display_name=body.display_name,
    )
    return CodeSent(email=body.email, code_hint=settings().confirmation_code_hint)


@router.post("/api/auth/confirm", status_code=HTTPStatus.NO_CONTENT, tags=["accounts"])
def confirm(body: Confirm, accounts: AccountsUseCases) -> Response[None]:
    accounts.confirm(body.email, body.code)
    return no_content()


@router.post("/api/auth/resend", status_code=HTTPStatus.ACCEPTED, tags=["accounts"])
def resend(body: Address, accounts: AccountsUseCases) -> CodeSent:
    accounts.resend(body.email.lower())
    return CodeSent(email=body.email, code_hint=settings().confirmation_code_hint)


# Sessions


@router.post("/api/auth/sign-in", tags=["accounts"], responses=A_CODE_IS_WANTED)
def sign_in(body: SignIn, request: Request, accounts: AccountsUseCases) -> Response[Me | ChallengeSent]:
    """Answer who it is, or with 202 that a code is wanted too."""
    began = accounts.sign_in(
        email=body.email, password=body.password.get_secret_value(), replacing=session_token(request)
    )
    if isinstance(began, str):
        seconds = int(Challenge.LIFETIME.total_seconds())
        return answer(ChallengeSent(challenge=began, expires_in=seconds), status=HTTPStatus.ACCEPTED)
    return _holding(began.token, answer(accounts.describe(began.user)))


@router.post("/api/auth/challenge", tags=["accounts"])
def answer_challenge(body: Answer, request: Request, accounts: AccountsUseCases) -> Response[Me]:
    began = accounts.answer_challenge(body.challenge, body.code, replacing=session_token(request))
    return _holding(began.token, answer(accounts.describe(began.user)))


@router.post("/api/auth/reauthenticate", status_code=HTTPStatus.NO_CONTENT, tags=["accounts"])
def reauthenticate(body: Proof, browser: CurrentSession, accounts: AccountsUseCases) -> Response[None]:
    token = accounts.reauthenticate(browser, body.password.get_secret_value(), body.code)
    return _holding(token, no_content())


@router.post("/api/auth/sign-out", status_code=HTTPStatus.NO_CONTENT, tags=["accounts"])
def sign_out(request: Request, accounts: AccountsUseCases) -> Response[None]:
    accounts.sign_out(session_token(request))
    return _signed_out()


@router.post("/api/auth/sign-out-everywhere", status_code=HTTPStatus.NO_CONTENT, tags=["accounts"])
def sign_out_everywhere(user: CurrentUser, accounts: AccountsUseCases) -> Response[None]:
    accounts.end_sessions(user)
    return _signed_out()


@router.get("/api/me/sessions", tags=["accounts"])
def devices(browser: CurrentSession, accounts: AccountsUseCases) -> Page[Device]:
    return Page(items=[_device(it, browser) for it in accounts.sessions.of(browser.user_id)])


@router.delete("/api/me/sessions", status_code=HTTPStatus.NO_CONTENT, tags=["accounts"])
def sign_out_elsewhere(browser: CurrentSession, accounts: AccountsUseCases) -> Response[None]:
    accounts.end_sessions(browser.user, but=browser.id)
    return no_content()


@router.delete("/api/me/sessions/<session_id>", status_code=HTTPStatus.NO_CONTENT, tags=["accounts"])
def sign_out_device(session_id: UUID, user: CurrentUser, accounts: AccountsUseCases) -> Response[None]:
    accounts.end_session(user, session_id)
    return no_content()


# Passwords


@router.post("/api/auth/forgot", status_code=HTTPStatus.ACCEPTED, tags=["accounts"])
def forgot(body: Address, accounts: AccountsUseCases) -> CodeSent:
    accounts.forget_password(body.email.lower())
    return CodeSent(email=body.email, code_hint=settings().reset_code_hint)


@router.post("/api/auth/reset", status_code=HTTPStatus.NO_CONTENT, tags=["accounts"])
def reset(body: Reset, accounts: AccountsUseCases) -> Response[None]:
    accounts.reset_password(body.email, body.code, body.password.get_secret_value())
    return no_content()


@router.post("/api/me/password", status_code=HTTPStatus.NO_CONTENT, tags=["accounts"])
def change_password(body: NewPassword, browser: CurrentSession, accounts: AccountsUseCases) -> Response[None]:
    token = accounts.change_password(
        browser, old=body.password.get_secret_value(), new=body.new_password.get_secret_value()
    )
    return _holding(token, no_content())


# The second factor


@router.get("/api/me/totp", tags=["accounts"])
def totp(user: CurrentUser, accounts: AccountsUseCases) -> SecondFactorState:
    return SecondFactorState(
        since=user.totp_since, recovery_codes_left=accounts.recovery_codes.count(user.id)
    )


@router.post("/api/me/totp", tags=["accounts"])
def start_totp(body: OldPassword, user: CurrentUser, accounts: AccountsUseCases) -> TotpSecret:
    secret = accounts.start_totp(user, body.password.get_secret_value())
    label = quote(f"StreamTime:{user.email}")
    uri = f"otpauth://totp/{label}?secret={secret}&issuer=StreamTime"
    return TotpSecret(secret=secret, uri=uri, qr=_qr(uri))


@router.post("/api/me/totp/verify", tags=["accounts"])
def enable_totp(
    body: TotpProof, browser: CurrentSession, accounts: AccountsUseCases
) -> Response[RecoveryCodes]:
    codes, token = accounts.enable_totp(browser, body.password.get_secret_value(), body.code)
    return _holding(token, answer(RecoveryCodes(codes=codes)))


@router.delete("/api/me/totp", status_code=HTTPStatus.NO_CONTENT, tags=["accounts"])
def disable_totp(_: RecentUser, browser: CurrentSession, accounts: AccountsUseCases) -> Response[None]:
    return _holding(accounts.disable_totp(browser), no_content())


@router.post("/api/me/totp/recovery-codes", tags=["accounts"])
def renew_codes(user: RecentUser, accounts: AccountsUseCases) -> RecoveryCodes:
    return RecoveryCodes(codes=accounts.renew_codes(user))


# The account


@router.get("/api/me", tags=["accounts"])
def me(user: CurrentUser, accounts: AccountsUseCases) -> Me:
    return accounts.describe(user)


@router.patch("/api/me", tags=["accounts"])
def rename(body: Profile, user: CurrentUser, accounts: AccountsUseCases) -> Me:
    accounts.rename(user, body.display_name)
    return accounts.describe(user)


@router.post("/api/me/email", status_code=HTTPStatus.ACCEPTED, tags=["accounts"])
def ask_for_email(body: Address, user: RecentUser, accounts: AccountsUseCases) -> CodeSent:
    accounts.ask_for_email(user, body.email.lower())
    return CodeSent(email=body.email, code_hint=settings().confirmation_code_hint)


@router.post("/api/me/email/confirm", tags=["accounts"])
def change_email(
    body: Confirm, _: RecentUser, browser: CurrentSession, accounts: AccountsUseCases
) -> Response[Me]:
    token = accounts.change_email(browser, body.email, body.code)
    return _holding(token, answer(accounts.describe(browser.user)))


@router.get("/api/me/export", tags=["accounts"])
def export(user: CurrentUser, accounts: AccountsUseCases) -> ExportState:
    return ExportState.of(accounts.exports.of(user.id))


@router.post("/api/me/export", status_code=HTTPStatus.ACCEPTED, tags=["accounts"])
def ask_for_export(user: RecentUser, accounts: AccountsUseCases, site: Site) -> ExportState:
    """Have a ZIP made of all that is kept of oneself, in the place of one that was made before."""
    return ExportState.of(accounts.ask_for_export(user, site))


@router.get("/api/me/export/file", tags=["accounts"])
def export_file(user: CurrentUser, accounts: AccountsUseCases) -> Download:
    url = accounts.fetch_export(user, media_storage())
    return Download(url=url, expires_in=DOWNLOAD_URL_SECONDS)


@router.delete("/api/me", tags=["accounts"])
def give_up(_: RecentUser, browser: CurrentSession, accounts: AccountsUseCases) -> Me:
    """Have the account deleted at `delete_at`; until then `POST /api/me/keep` undoes it."""
    accounts.give_up(browser)
    return accounts.describe(browser.user)


@router.post("/api/me/keep", tags=["accounts"])
def keep(user: CurrentUser, accounts: AccountsUseCases) -> Me:
    accounts.keep(user)
    return accounts.describe(user)


def _holding(token: str, response: Response[Any]) -> Response[Any]:
    """Let the browser keep the session's token, where only it is sent back."""
    response.cookies.append(
        cookie(SESSION_COOKIE, token, max_age=int(BrowserSession.ABSOLUTE.total_seconds()))
    )
    return response


def _qr(text: str) -> list[str]:
    import segno  # noqa: PLC0415  # nobody else needs it

    return ["".join(map(str, row)) for row in segno.make_qr(text).matrix]


def _signed_out() -> Response[None]:
    response = no_content()
    response.cookies.append(cookie(SESSION_COOKIE, "", max_age=0))
    return response


def _device(browser: BrowserSession, asking: BrowserSession) -> Device:
    name, system = describe(browser.user_agent)
    return Device(
        id=browser.id,
        browser=name,
        system=system,
        network=browser.network,
        created_at=browser.created_at,
        last_seen_at=browser.last_seen_at,
        current=browser.id == asking.id,
    )
