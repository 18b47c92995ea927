"""The audit log: who did what to which account, written in the very transaction that does it."""

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from uuid import UUID

from sqlalchemy.orm import Session

from functions.core.models import Audit, AuditAction

NETWORK_BITS = {4: 24, 6: 56}


@dataclass(frozen=True)
class Visit:
    """From where somebody asks: enough to recognise them by, too little to find them."""

    network: str
    user_agent: str = ""


def network_of(address: str) -> str:
    """Return the network of an address, such as "203.0.113.0/24"; nothing for what is no address."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return str(ip_network((found, NETWORK_BITS[found.version]), strict=False))


class Journal:
    """Writes down what happens during one visit."""

    def __init__(self, session: Session, visit: Visit) -> None:
        self.visit = visit
        self._session = session

    def write(
        self, action: AuditAction, user_id: UUID | None, *, actor_id: UUID | None = None, **details: str | int
    ) -> None:
        """Say what happened to the account `user_id`, None for an unknown one; `actor_id` is who did it.

        Details never hold a secret, nor what somebody typed: it may have been one.
        """
        self._session.add(
            Audit(
                action=action,
                user_id=user_id,
                actor_id=actor_id,
                network=self.visit.network,
                user_agent=self.visit.user_agent,
                details=dict(details),
            )
        )
