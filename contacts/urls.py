"""Addresses of contacts."""

from django.urls import URLPattern, path

from contacts.views import (
    account,
    bin,
    book,
    console,
    console_bulk,
    console_contact,
    console_merge,
    console_new,
    exports,
    imports,
    managing,
    rights,
    writing,
)

app_name = "contacts"
IMPORTS = "console/imports/"
EXPORTS = "console/exports/"
NODE = "console/orgs/<int:node_id>/"
CONTACT = "console/contacts/<int:contact_id>/"
ONE = "contacts/<int:pk>/"
urlpatterns: list[URLPattern] = [
    path("contacts/", book.index, name="index"),
    path("contacts/new/", writing.new, name="new"),
    path("contacts/o/<int:node_id>/", book.node, name="node"),
    path("contacts/o/<int:node_id>/children/", book.children, name="children"),
    path(ONE, book.contact, name="contact"),
    path(f"{ONE}row/", book.row, name="row"),
    path(f"{ONE}photo/", book.photo, name="photo"),
    path(f"{ONE}edit/", writing.edit, name="edit"),
    path(f"{ONE}picture/", writing.picture, name="picture"),
    path(f"{ONE}masked/<slug:field>/", writing.masked, name="masked"),
    path(f"{ONE}reveal/<slug:field>/", writing.reveal, name="reveal"),
    path(f"{ONE}share/remove/", rights.share_remove, name="share-remove"),
    path(f"{ONE}share/<slug:level>/", rights.share_add, name="share-add"),
    path(f"{ONE}staff/add/", rights.staff_add, name="staff-add"),
    path(f"{ONE}staff/remove/", rights.staff_remove, name="staff-remove"),
    path(f"{ONE}move/", managing.move, name="move"),
    path(f"{ONE}places/add/", managing.membership_add, name="membership-add"),
    path(
        f"{ONE}places/<int:node_id>/remove/", managing.membership_remove, name="membership-remove"
    ),
    path(f"{ONE}disable/", managing.disable, name="disable"),
    path(f"{ONE}enable/", managing.enable, name="enable"),
    path(f"{ONE}delete/", managing.delete, name="delete"),
    path(f"{ONE}why/", managing.why, name="why"),
    path(f"{ONE}account/open/", account.open_, name="account-open"),
    path(f"{ONE}account/expiry/", account.expiry, name="account-expiry"),
    path(f"{ONE}account/reissue/", account.reissue, name="account-reissue"),
    path(f"{ONE}account/unlock/", account.unlock, name="account-unlock"),
    path(f"{ONE}account/sessions/", account.sessions, name="account-sessions"),
    path(f"{ONE}account/close/", account.close, name="account-close"),
    # Back office (views/console*.py, views/bin.py)
    path("console/orgs/counts/", console.counts, name="node-counts"),
    path(f"{NODE}contacts/", console.console_list, name="console-list"),
    path(f"{NODE}contacts/bulk/", console_bulk.bulk_act, name="console-bulk"),
    path(f"{NODE}contacts/new/", console_new.console_new, name="console-new"),
    path(CONTACT, console_contact.info, name="console-contact"),
    path(f"{CONTACT}edit/", console_contact.edit, name="console-edit"),
    path(f"{CONTACT}picture/", console_contact.picture, name="console-picture"),
    path(f"{CONTACT}rights/", console_contact.rights, name="console-rights"),
    path(f"{CONTACT}account/", console_contact.account, name="console-account"),
    path(f"{CONTACT}account/credentials/", console_contact.credentials, name="console-credentials"),
    path(f"{CONTACT}history/", console_contact.history, name="console-history"),
    path(f"{CONTACT}places/<int:node_id>/", console_contact.place_edit, name="console-place"),
    path(f"{CONTACT}delete/", console_contact.delete, name="console-delete"),
    path(f"{CONTACT}merge/", console_merge.merge, name="console-merge"),
    path("console/bin/", bin.bin_list, name="bin"),
    path("console/bin/<int:contact_id>/restore/", bin.bin_restore, name="bin-restore"),
    # End of back office
    path(f"{NODE}contacts/export/", exports.export_contacts, name="export-contacts"),
    path(f"{NODE}export/", exports.export_organizations, name="export-organizations"),
    path(EXPORTS, exports.export_list, name="export-list"),
    path(f"{EXPORTS}<int:pk>/", exports.export_detail, name="export-detail"),
    path(f"{EXPORTS}<int:pk>/cancel/", exports.export_cancel, name="export-cancel"),
    path(f"{EXPORTS}<int:pk>/file/", exports.export_file, name="export-file"),
    path(f"{EXPORTS}<int:pk>/card/", exports.export_card, name="export-card"),
    path(IMPORTS, imports.import_list, name="import-list"),
    path(f"{IMPORTS}new/", imports.import_new, name="import-new"),
    path(f"{IMPORTS}template/", imports.import_template, name="import-template"),
    path(f"{IMPORTS}<int:pk>/", imports.import_detail, name="import-detail"),
    path(f"{IMPORTS}<int:pk>/columns/", imports.import_columns, name="import-columns"),
    path(f"{IMPORTS}<int:pk>/confirm/", imports.import_confirm, name="import-confirm"),
    path(f"{IMPORTS}<int:pk>/cancel/", imports.import_cancel, name="import-cancel"),
    path(f"{IMPORTS}<int:pk>/bad-rows/", imports.import_bad_rows, name="import-bad-rows"),
    path(f"{IMPORTS}<int:pk>/card/", imports.import_card, name="import-card"),
]
