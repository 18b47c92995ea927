"""HTTP API: people, usage, jobs, dead letters and the audit log, for who runs the drive."""

from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.depends import Depends
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from functions.admin.remedies import remedy
from functions.admin.service import Administration, Estimate
from functions.core import letters, repositories
from functions.core.caller import Admin, AuditJournal, DatabaseSession, RecentAdmin
from functions.core.http import CursorText, Limit, Text, no_content
from functions.core.identity import IdentityProvider
from functions.core.letters import LetterQueue
from functions.core.models import AuditAction, Role, User, VideoState
from functions.core.repositories import AuditRepository, Figures, UserRepository, UserSort, VideoRepository
from functions.core.settings import settings
from functions.core.views import Failure, Page, View

router = APIGatewayHttpRouter()


def _administration(session: DatabaseSession, journal: AuditJournal, admin: RecentAdmin) -> Administration:
    return Administration(session, IdentityProvider(), journal, admin)


AdministrationUseCases = Annotated[Administration, Depends(_administration)]


class JobState(StrEnum):
    """Whole and waiting for its turn, at work, failed."""

    UPLOADED = VideoState.UPLOADED.value
    PROCESSING = VideoState.PROCESSING.value
    FAILED = VideoState.FAILED.value


class ChangeAccount(BaseModel):
    """What is not given stays."""

    model_config = ConfigDict(extra="forbid")

    role: Role | None = None
    quota_bytes: Annotated[int, Field(ge=0, le=2**53 - 1)] | None = None
    disabled: bool | None = None


class Account(View):
    """`used_bytes` is originals and renditions, the trash too; `last_seen_at` is right to the hour."""

    id: UUID
    email: str
    display_name: str
    role: Role
    quota_bytes: int
    used_bytes: int
    totp_since: datetime | None
    disabled_at: datetime | None
    delete_at: datetime | None
    last_seen_at: datetime
    created_at: datetime

    @classmethod
    def of(cls, found: repositories.Account) -> "Account":
        values: dict[str, Any] = {
            name: getattr(found.user, name) for name in cls.model_fields if hasattr(found.user, name)
        }
        return cls(**values, used_bytes=found.used_bytes, last_seen_at=found.last_seen_at)


class Person(View):
    """Whom something is about; None for both where the account is gone."""

    id: UUID
    email: str | None
    display_name: str | None

    @classmethod
    def of(cls, user_id: UUID | None, user: User | None) -> "Person | None":
        if user_id is None:
            return None
        return cls(
            id=user_id,
            email=None if user is None else user.email,
            display_name=None if user is None else user.display_name,
        )


class Used(View):
    """Sizes in bytes, with the trash; `processed_seconds` of the last day, counted as full HD with 60 frames.

    `storage_usd` is about what a month of these bytes costs, `processing_usd` what those seconds did.
    """

    videos: int
    originals_bytes: int
    renditions_bytes: int
    trash_bytes: int
    processed_seconds: int
    storage_usd: float
    processing_usd: float

    @classmethod
    def of(cls, figures: Figures) -> "Used":
        estimate = Estimate.of(figures)
        return cls(
            videos=figures.videos,
            originals_bytes=figures.originals_bytes,
            renditions_bytes=figures.renditions_bytes,
            trash_bytes=figures.trash_bytes,
            processed_seconds=figures.processed_ms // 1000,
            storage_usd=estimate.storage_usd,
            processing_usd=estimate.processing_usd,
        )


class UsedBy(View):
    person: Person
    quota_bytes: int
    used: Used


class DriveUsage(View):
    """What all people use together, and each of them, whoever has most first.

    The prices are those that the estimates are made of: of a gigabyte for a month, of an hour so counted.
    """

    people: int
    together: Used
    usd_per_gb_month: float
    usd_per_processed_hour: float
    items: list[UsedBy]
    next_cursor: str | None


class Job(View):
    """A video that waits, is processed or failed; what it shows stays its owner's.

    `since` is when the attempt that is at work began, and of others when they last changed.
    """

    video_id: UUID
    owner: Person
    state: JobState
    attempt: int
    progress: int | None
    failure: Failure | None
    size_bytes: int
    since: datetime

    @classmethod
    def of(cls, job: repositories.Job) -> "Job":
        video = job.video
        return cls(
            video_id=video.id,
            owner=Person.model_validate(video.owner),
            state=JobState(video.state),
            attempt=video.attempt,
            progress=video.progress,
            failure=Failure.of(video.failure_code),
            size_bytes=video.size_bytes,
            since=job.since,
        )


class DeadLetter(View):
    """`reason` is what AWS says; a letter that is not `understood` can't be handled by anybody."""

    id: str
    sent_at: datetime
    reason: str | None
    video_id: UUID | None
    understood: bool

    @classmethod
    def of(cls, queue: LetterQueue, letter: letters.Letter) -> "DeadLetter":
        found = remedy(queue, letter.body)
        return cls(
            id=letter.id,
            sent_at=letter.sent_at,
            reason=letter.reason,
            video_id=found and found.video_id,
            understood=found is not None,
        )


class DeadLetters(View):
    """About how many letters are in a queue, and some of them."""

    queue: LetterQueue
    count: int
    letters: list[DeadLetter]

    @classmethod
    def of(cls, queue: LetterQueue) -> "DeadLetters":
        count = letters.count(queue)
        found = letters.look(queue) if count else []
        return cls(queue=queue, count=count, letters=[DeadLetter.of(queue, letter) for letter in found])


class Redriven(View):
    """How many letters were handled, and how many nobody understands."""

    handled: int
    left: int


class AuditEntry(View):
    """What happened to the account of `user`, by whom: None where nobody knows."""

    id: UUID
    at: datetime
    action: AuditAction
    user: Person | None
    actor: Person | None
    network: str
    user_agent: str
    details: dict[str, str | int]

    @classmethod
    def of(cls, entry: repositories.Entry) -> "AuditEntry":
        audit = entry.audit
        return cls(
            id=audit.id,
            at=audit.created_at,
            action=audit.action,
            user=Person.of(audit.user_id, entry.user),
            actor=Person.of(audit.actor_id, entry.actor),
            network=audit.network,
            user_agent=audit.user_agent,
            details=audit.details,
        )


@router.get("/api/admin/users", tags=["admin"])
def people(
    _: Admin,
    session: DatabaseSession,
    q: Annotated[Text, Query(max_length=100)] = "",
    sort: UserSort = UserSort.NAME,
    cursor: CursorText = None,
    limit: Limit = 50,
) -> Page[Account]:
    """List everybody; `q` are words, or parts of words, of e-mail address and name."""
    found, next_cursor = UserRepository(session).accounts(search=q, sort=sort, cursor=cursor, limit=limit)
    return Page(items=[Account.of(it) for it in found], next_cursor=next_cursor)


@router.patch("/api/admin/users/<user_id>", tags=["admin"])
def change(user_id: UUID, body: ChangeAccount, administration: AdministrationUseCases) -> Account:
    return Account.of(administration.change(user_id, **dict(body)))


@router.delete("/api/admin/users/<user_id>", tags=["admin"])
def delete(user_id: UUID, administration: AdministrationUseCases) -> Account:
    """Have an account deleted at `delete_at`; it is disabled until then, and can be kept."""
    return Account.of(administration.delete(user_id))


@router.post("/api/admin/users/<user_id>/keep", tags=["admin"])
def keep(user_id: UUID, administration: AdministrationUseCases) -> Account:
    return Account.of(administration.keep(user_id))


@router.post("/api/admin/users/<user_id>/reset-totp", tags=["admin"])
def reset_totp(user_id: UUID, administration: AdministrationUseCases) -> Account:
    return Account.of(administration.reset_totp(user_id))


@router.get("/api/admin/usage", tags=["admin"])
def usage(_: Admin, session: DatabaseSession, cursor: CursorText = None, limit: Limit = 50) -> DriveUsage:
    users = UserRepository(session)
    count, together = users.figures_of_all()
    found, next_cursor = users.figures(cursor=cursor, limit=limit)
    return DriveUsage(
        people=count,
        together=Used.of(together),
        usd_per_gb_month=settings().usd_per_gb_month,
        usd_per_processed_hour=settings().usd_per_processed_hour,
        items=[
            UsedBy(person=Person.model_validate(user), quota_bytes=user.quota_bytes, used=Used.of(figures))
            for user, figures in found
        ],
        next_cursor=next_cursor,
    )


@router.get("/api/admin/jobs", tags=["admin"])
def jobs(
    _: Admin,
    session: DatabaseSession,
    state: JobState | None = None,
    user_id: UUID | None = None,
    cursor: CursorText = None,
    limit: Limit = 50,
) -> Page[Job]:
    states = [VideoState(it) for it in ([*JobState] if state is None else [state])]
    found, next_cursor = VideoRepository(session).jobs(
        states=states, owner_id=user_id, cursor=cursor, limit=limit
    )
    return Page(items=[Job.of(it) for it in found], next_cursor=next_cursor)


@router.post("/api/admin/jobs/<video_id>/retry", status_code=HTTPStatus.NO_CONTENT, tags=["admin"])
def retry_job(video_id: UUID, administration: AdministrationUseCases) -> Response[None]:
    administration.retry(video_id)
    return no_content()


@router.post("/api/admin/jobs/<video_id>/cancel", status_code=HTTPStatus.NO_CONTENT, tags=["admin"])
def cancel_job(video_id: UUID, administration: AdministrationUseCases) -> Response[None]:
    administration.cancel(video_id)
    return no_content()


@router.get("/api/admin/dead-letters", tags=["admin"])
def dead_letters(_: Admin) -> Page[DeadLetters]:
    """List every dead letter queue, and some of what is in it; what the letters say stays in them."""
    return Page(items=[DeadLetters.of(queue) for queue in LetterQueue])


@router.post("/api/admin/dead-letters/<queue>/redrive", tags=["admin"])
def redrive(queue: LetterQueue, administration: AdministrationUseCases) -> Redriven:
    """Handle what is in a queue, up to a hundred letters."""
    handled, left = administration.redrive(queue)
    return Redriven(handled=handled, left=left)


@router.get("/api/admin/audit", tags=["admin"])
def audit(
    _: Admin,
    session: DatabaseSession,
    user_id: UUID | None = None,
    action: AuditAction | None = None,
    since: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    until: Annotated[AwareDatetime | None, Query(alias="to")] = None,
    cursor: CursorText = None,
    limit: Limit = 50,
) -> Page[AuditEntry]:
    """List what happened to or was done by somebody, or all of it, last first; `to` itself is not in it."""
    found, next_cursor = AuditRepository(session).entries(
        user_id=user_id, action=action, since=since, until=until, cursor=cursor, limit=limit
    )
    return Page(items=[AuditEntry.of(it) for it in found], next_cursor=next_cursor)
