"""E-mail, as plain text, through the mail server of the installation."""

from django.conf import settings
from django.core.mail import send_mail  # noqa: TID251  sent by the job, between two transactions
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.channels.letters import Letter
from accounts.models import InitialSecret, User

SUBJECTS: dict[str, str | Promise] = {
    "activation": _("Activate your account"),
    "reset": _("Choose a new password"),
    "changed": _("A change to your log-in"),
}


class Mail:
    """To the address kept with the login."""

    key = str(InitialSecret.Channel.LINK)

    def reaches(self, user: User) -> bool:
        return bool(getattr(settings, "MAIL_ENABLED", False) and user.email)

    def send(self, letter: Letter) -> None:
        user = letter.user
        with translation.override(user.language):
            body = render_to_string(f"accounts/mail/{letter.template}.txt", letter.values)
            subject = str(SUBJECTS[letter.template])
            send_mail(subject, body, settings.DEFAULT_FROM_EMAIL, [user.email])
