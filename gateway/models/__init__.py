"""All tenancy and access models: who may call what."""

from gateway.models.app import App
from gateway.models.audit import Audit
from gateway.models.connection import Connection, ConnectionKind
from gateway.models.correlation import Correlation
from gateway.models.credential import Credential, CredentialKind
from gateway.models.definition import ApiDefinition, DefinitionState, Dialect
from gateway.models.event_type import EventType
from gateway.models.instance import Instance, InstanceState
from gateway.models.invitation import Invitation
from gateway.models.lease import Lease
from gateway.models.management_key import ManagementKey, Scope
from gateway.models.membership import Membership, Role
from gateway.models.organization import Organization
from gateway.models.plan import Approval, Plan, QuotaPeriod
from gateway.models.poll import Poll
from gateway.models.position import Position
from gateway.models.product import Lifecycle, Product, Visibility
from gateway.models.quarantine import Quarantine, QuarantineState
from gateway.models.revision import Revision, RevisionCounter
from gateway.models.subscription import Subscription, SubscriptionState
from gateway.models.ticket import Ticket
from gateway.models.traffic import Traffic
from gateway.models.usage import Usage
from gateway.models.user import User

__all__ = [
    "ApiDefinition",
    "App",
    "Approval",
    "Audit",
    "Connection",
    "ConnectionKind",
    "Correlation",
    "Credential",
    "CredentialKind",
    "DefinitionState",
    "Dialect",
    "EventType",
    "Instance",
    "InstanceState",
    "Invitation",
    "Lease",
    "Lifecycle",
    "ManagementKey",
    "Membership",
    "Organization",
    "Plan",
    "Poll",
    "Position",
    "Product",
    "Quarantine",
    "QuarantineState",
    "QuotaPeriod",
    "Revision",
    "RevisionCounter",
    "Role",
    "Scope",
    "Subscription",
    "SubscriptionState",
    "Ticket",
    "Traffic",
    "Usage",
    "User",
    "Visibility",
]
