"""What stands between the first proof of a log-in and its session (django-allauth's login stages)."""

from allauth.account.internal.stagekit import clear_login
from allauth.account.stages import LoginStage
from allauth.mfa.webauthn.internal.flows import did_use_passwordless_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.crypto import constant_time_compare

from accounts.mfa import has_factor
from accounts.models import User


class SecondFactorStage(LoginStage):  # type: ignore[misc]  # allauth has no types
    """A code or a passkey, whatever door was taken first; a passkey by itself needs no second step."""

    key = "second_factor"
    urlname = "accounts:second-factor"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        user: User = self.login.user
        if did_use_passwordless_login(self.request, user) or not has_factor(user):
            return None, True
        self.state["proof"] = user.get_session_auth_hash()
        return redirect(self.urlname), True

    def still_holds(self) -> bool:
        """False when the password was changed or everything was ended since the first step."""
        proof = str(self.state.get("proof", ""))
        return constant_time_compare(proof, self.login.user.get_session_auth_hash())


def give_up(request: HttpRequest) -> None:
    """Forgets a first step that was taken."""
    clear_login(request)
