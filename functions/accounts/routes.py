"""HTTP API: sign-up, confirmation, sign-in, sign-out, me."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Request, Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import BaseModel, EmailStr, Field, SecretStr

from functions.accounts import service
from functions.core.caller import SESSION_COOKIE, CurrentUser, DatabaseSession, session_token
from functions.core.http import Text, answer, cookie, no_content
from functions.core.identity import IdentityProvider
from functions.core.models import Session
from functions.core.repositories import SessionRepository, UserRepository
from functions.core.settings import settings
from functions.core.views import Me

router = APIGatewayHttpRouter()

Email = Annotated[EmailStr, Field(max_length=320)]
Password = Annotated[SecretStr, Field(min_length=1, max_length=256)]


class SignUp(BaseModel):
    email: Email
    password: Password
    display_name: Annotated[Text, Field(min_length=1, max_length=100)]


class Confirm(BaseModel):
    email: Email
    code: Annotated[str, Field(pattern=r"^\s*\d{6}\s*$")]


class Resend(BaseModel):
    email: Email


class SignIn(BaseModel):
    email: Email
    password: Password


class CodeSent(BaseModel):
    """`code_hint` is the code itself where the stage sends no e-mail, else None."""

    email: str
    code_hint: str | None


@router.post("/api/auth/sign-up", status_code=HTTPStatus.ACCEPTED, tags=["accounts"])
def sign_up(body: SignUp) -> CodeSent:
    service.sign_up(
        IdentityProvider(),
        email=body.email,
        password=body.password.get_secret_value(),
        display_name=body.display_name,
    )
    return CodeSent(email=body.email, code_hint=settings().confirmation_code_hint)


@router.post("/api/auth/confirm", status_code=HTTPStatus.NO_CONTENT, tags=["accounts"])
def confirm(body: Confirm) -> Response[None]:
    IdentityProvider().confirm(body.email.lower(), body.code.strip())
    return no_content()


@router.post("/api/auth/resend", status_code=HTTPStatus.ACCEPTED, tags=["accounts"])
def resend(body: Resend) -> CodeSent:
    IdentityProvider().resend(body.email.lower())
    return CodeSent(email=body.email, code_hint=settings().confirmation_code_hint)


@router.post("/api/auth/sign-in", tags=["accounts"])
def sign_in(body: SignIn, request: Request, session: DatabaseSession) -> Response[Me]:
    users = UserRepository(session)
    user, token = service.sign_in(
        IdentityProvider(),
        users,
        SessionRepository(session),
        email=body.email,
        password=body.password.get_secret_value(),
        user_agent=request.headers.get("user-agent", ""),
    )
    signed_in = answer(service.describe(users, user))
    signed_in.cookies.append(cookie(SESSION_COOKIE, token, max_age=int(Session.ABSOLUTE.total_seconds())))
    return signed_in


@router.post("/api/auth/sign-out", status_code=HTTPStatus.NO_CONTENT, tags=["accounts"])
def sign_out(request: Request, session: DatabaseSession) -> Response[None]:
    service.sign_out(SessionRepository(session), session_token(request))
    signed_out = no_content()
    signed_out.cookies.append(cookie(SESSION_COOKIE, "", max_age=0))
    return signed_out


@router.get("/api/me", tags=["accounts"])
def me(user: CurrentUser, session: DatabaseSession) -> Me:
    return service.describe(UserRepository(session), user)
