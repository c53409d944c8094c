"""E-mail, as plain text, through the mail server of the installation."""

from __future__ import annotations

import datetime
import smtplib
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.core.validators import validate_email
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from im.channel_models import Rhythm, Topic
from im.channels import Away, Later, Refused, address

if TYPE_CHECKING:
    from accounts.models import User
    from core.ui import Text
    from im.channels import Summary

FOR_GOOD: Final = 500


class MailChannel:
    """Notifications at once, messages not at all, unless somebody chooses otherwise."""

    key = "mail"
    label = gettext_lazy("By e-mail")
    icon = "mail"
    grace = datetime.timedelta(minutes=1)
    pause = datetime.timedelta(minutes=10)

    def configured(self) -> bool:
        return bool(getattr(settings, "MAIL_ENABLED", False))

    def reaches(self) -> Q:
        return ~Q(email="")

    def why_not(self, user: User) -> Text:
        if not self.configured():
            return _("This installation sends no e-mail.")
        return "" if self.available(user) else _("No e-mail address is known of you.")

    def default(self, topic: Topic) -> Rhythm:
        return Rhythm.NOW if topic == Topic.NOTICES else Rhythm.OFF

    def available(self, user: User) -> bool:
        """An address that is one: nothing that could end a header passes."""
        try:
            validate_email(user.email)
        except ValidationError:
            return False
        return self.configured()

    def deliver(self, user: User, summary: Summary) -> None:
        with translation.override(user.language):
            values = {
                "user": user,
                "summary": summary,
                "url": address(user, "index"),
                "settings_url": address(user, "settings"),
            }
            message = EmailMessage(
                " ".join(render_to_string("im/mail/subject.txt", values).split()),
                render_to_string("im/mail/summary.txt", values),
                settings.DEFAULT_FROM_EMAIL,
                [user.email],
                headers={
                    "Message-ID": f"<{summary.mark}@{urlsplit(settings.BASE_URL).hostname}>",
                    "Auto-Submitted": "auto-generated",
                },
            )
        _send(message)


def _send(message: EmailMessage) -> None:
    connection = get_connection()
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:
        raise Away from error
    try:
        connection.send_messages([message])
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _words in error.recipients.values()]
        raise (Refused if min(codes) >= FOR_GOOD else Later) from error
    except smtplib.SMTPSenderRefused as error:
        raise Away from error
    except smtplib.SMTPDataError as error:
        raise (Refused if error.smtp_code >= FOR_GOOD else Later) from error
    except (OSError, smtplib.SMTPException) as error:
        raise Later from error
    finally:
        connection.close()
