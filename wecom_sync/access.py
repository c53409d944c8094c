"""From a connection to the gateway that speaks for it."""

from wecom_sync.gateway import Credentials, Gateway, Patience
from wecom_sync.models import Connection

PATIENCE = Patience()
# Somebody is waiting for it.
SHORT = Patience(connect=5, read=8, total=12, tries=1)


def gateway_of(connection: Connection, *, patience: Patience | None = None) -> Gateway:
    """Raises core.secrets.Unreadable when the key of the installation has changed, ValueError for a wrong address."""
    given = Credentials(connection.corp_id, connection.agent_id, connection.secret)
    return Gateway(given, patience=patience or PATIENCE)
