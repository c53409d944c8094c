"""Addresses of applications for external accounts."""

from django.urls import URLPattern, path

from approvals.views import account, card, console

app_name = "approvals"
urlpatterns: list[URLPattern] = [
    path("console/applications/", console.application_list, name="list"),
    path("console/applications/badge/", console.badge, name="badge"),
    path("console/applications/export/", console.export, name="export"),
    path("console/applications/bulk/", console.bulk, name="bulk"),
    path("console/applications/<int:application_id>/", console.detail, name="detail"),
    path("console/applications/<int:application_id>/<slug:what>/", console.confirm, name="confirm"),
    path("applications/mine/", account.mine, name="mine"),
    path("applications/<int:application_id>/", card.card, name="application-card"),
    path("applications/<int:application_id>/decide/", card.decide, name="decide"),
    path("applications/<int:application_id>/withdraw/", account.withdraw, name="withdraw"),
    path("applications/<int:application_id>/remind/", account.remind, name="remind"),
    path("applications/contact/<int:contact_id>/", account.panel, name="account-panel"),
    path("applications/contact/<int:contact_id>/apply/", account.apply, name="apply"),
]
