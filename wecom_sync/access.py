"""From a connection to the gateway that speaks for it."""

from wecom_sync.gateway import Credentials, Gateway
from wecom_sync.models import Connection


def gateway_of(connection: Connection) -> Gateway:
    """Raises core.secrets.Unreadable when the key of the installation has changed."""
    return Gateway(Credentials(connection.corp_id, connection.agent_id, connection.secret))
