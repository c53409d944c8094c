"""Addresses of contacts."""

from django.urls import URLPattern, path

from contacts.views import console, imports

app_name = "contacts"
IMPORTS = "console/imports/"
urlpatterns: list[URLPattern] = [
    # Back office (views/console.py, views/console_*.py, views/bin.py): names console-*, node-counts, bin, bin-*
    path("console/orgs/counts/", console.node_counts, name="node-counts"),
    path("console/orgs/<int:node_id>/contacts/", console.console_list, name="console-list"),
    # End of back office
    path(IMPORTS, imports.import_list, name="import-list"),
    path(f"{IMPORTS}new/", imports.import_new, name="import-new"),
    path(f"{IMPORTS}template/", imports.import_template, name="import-template"),
    path(f"{IMPORTS}<int:pk>/", imports.import_detail, name="import-detail"),
    path(f"{IMPORTS}<int:pk>/confirm/", imports.import_confirm, name="import-confirm"),
    path(f"{IMPORTS}<int:pk>/cancel/", imports.import_cancel, name="import-cancel"),
    path(f"{IMPORTS}<int:pk>/bad-rows/", imports.import_bad_rows, name="import-bad-rows"),
    path(f"{IMPORTS}<int:pk>/card/", imports.import_card, name="import-card"),
]
