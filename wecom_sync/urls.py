"""Addresses of the synchronization with 企业微信 in the back office."""

from django.urls import URLPattern, path

from wecom_sync.views import connections, files, hints, inside, origins, runs, unlinking

app_name = "wecom_sync"
ONE = "console/sync/<int:pk>/"
CONTACT = "console/sync/contacts/<int:pk>/"
RUN = "console/sync/runs/<int:pk>/"
urlpatterns: list[URLPattern] = [
    path("console/sync/", connections.index, name="list"),
    path("console/sync/badge/", runs.badge, name="badge"),
    path("console/sync/new/", connections.new, name="new"),
    path("console/sync/chains/<int:pk>/", connections.policy, name="policy"),
    path(ONE, connections.detail, name="connection"),
    path(f"{ONE}edit/", connections.edit, name="edit"),
    path(f"{ONE}inside/", inside.inside, name="inside"),
    path(f"{ONE}test/", connections.test, name="test"),
    path(f"{ONE}doors/", connections.doors, name="doors"),
    path(f"{ONE}callback/", connections.callback, name="callback"),
    path(f"{ONE}on/", connections.switch_on, name="on"),
    path(f"{ONE}off/", connections.switch_off, name="off"),
    path(f"{ONE}delete/", connections.delete, name="delete"),
    path(f"{ONE}start/", runs.start, name="start"),
    path(RUN, runs.detail, name="run"),
    path(f"{RUN}state/", runs.state, name="run-state"),
    path(f"{RUN}card/", runs.card, name="run-card"),
    path(f"{RUN}confirm/", runs.confirm, name="confirm"),
    path(f"{RUN}rest/", runs.rest, name="rest"),
    path(f"{RUN}cancel/", runs.cancel, name="cancel"),
    path(f"{RUN}hints/<int:item_id>/", hints.hint, name="hint"),
    path(f"{RUN}log/", files.log, name="log"),
    path(f"{RUN}log/file/", files.log_file, name="log-file"),
    path(f"{RUN}plan/file/", files.plan_file, name="plan-file"),
    path(f"{ONE}staff/<int:user_id>/unlink/", unlinking.staff, name="staff-unlink"),
    path(f"{CONTACT}unlink/", unlinking.contact, name="contact-unlink"),
    path(f"{CONTACT}link/", unlinking.contact_again, name="contact-link"),
    path("console/sync/origin/node/<int:node_id>/", origins.node, name="node-origin"),
    path("console/sync/origin/contact/<int:contact_id>/", origins.contact, name="contact-origin"),
]
