"""Log-in with 企业微信, and linking it with one's own login."""

from django.urls import URLPattern, path

from wecom_sync.views import login, own_link

app_name = "wecom-login"
ONE = "login/wecom/<int:pk>/"
MINE = "account/security/wecom/<int:pk>/"
urlpatterns: list[URLPattern] = [
    path(ONE, login.begin, name="begin"),
    path(f"{ONE}back/", login.back, name="back"),
    path(MINE, own_link.link, name="link"),
    path(f"{MINE}confirm/", own_link.confirm, name="confirm"),
    path(f"{MINE}unlink/", own_link.unlink, name="unlink"),
]
