"""Every table has a rule that says who reaches its rows, or a reason why it needs none."""

from django.apps import apps

from tests.architecture.sources import APPS

# Model -> the function through which pages reach its rows.
RULES = {
    "accounts.User": "accounts.selectors (console: administrators only; pickers: active staff)",
    "accounts.Department": "accounts.selectors (console: administrators only; pickers: staff)",
    "accounts.Session": "accounts.selectors: own sessions",
    "accounts.InitialSecret": "accounts.services.credentials.reveal: its readers, once",
    "approvals.Application": "approvals.selectors: asked, own, or maintained",
    "contacts.Contact": "contacts.querysets.ContactQuerySet.visible_to",
    "contacts.ExportJob": "contacts.services.exports.own: own ones of maintained dimensions",
    "contacts.ImportJob": "own imports only",
    "accounts.StaffImport": "own imports only, administrators",
    "contacts.BulkJob": "own jobs only, in dimensions that are still maintained",
    "contacts.SavedFilter": "own ones only",
    "contacts.ExpiryNotice": "contacts.views.guards.load of its contact",
    "contacts.IdentityOffer": "of its contact for who maintains it; contacts.selectors.identities.offers_to: one's own",
    "contacts.ListLayout": "the own one only",
    "core.AuditEntry": "core.audit.history of an object the reader may see; trail.selectors.visible",
    "im.ChannelChoice": "own ones only",
    "im.Conversation": "im.selectors.membership",
    "im.Message": "im.selectors.membership",
    "orgs.Node": "orgs.querysets.NodeQuerySet.maintained_by; contacts.selectors for the address book",
    "orgs.Category": "managed list: everybody who maintains reads it",
    "orgs.Restructuring": "orgs.querysets.RestructuringQuerySet.visible_to: of nodes that one maintains",
    "orgs.RestructuringBatch": "orgs.querysets.RestructuringBatchQuerySet.visible_to: of dimensions that one maintains",
    "orgs.Tag": "labels without personal data",
    "portal.App": "portal.rule: apps open to the active identity; the registry for who keeps it",
    "portal.PushedTodo": "portal.services.pushed: of the system that put it; portal.todo_sources: of the identity",
    "portal.TodoSystem": "portal.selectors.systems for who keeps the registry; portal.services.pushed by its token",
    "wecom_sync.Chain": "wecom_sync.permissions: who synchronizes",
    "wecom_sync.Connection": "wecom_sync.permissions: who synchronizes; its secret is never shown",
    "wecom_sync.PlanItem": "wecom_sync.permissions: who synchronizes",
    "wecom_sync.Run": "wecom_sync.permissions: who synchronizes",
    "trail.AuditCheck": "trail.selectors.check: administrators only",
}
# Model -> why nobody asks for its rows by themselves.
EXEMPT = {
    "accounts.DepartmentMembership": "read with its department or person",
    "accounts.LoginPolicy": "one row, administrators",
    "accounts.Installation": "one row: an administrator once existed",
    "accounts.LoginThrottle": "counters, no page",
    "accounts.ActivationLink": "reached by the token alone",
    "accounts.FormerAddress": "read by the task that tells whoever reads there",
    "accounts.PrivacyNotice": "public text",
    "accounts.Consent": "read with its person",
    "accounts.StaffColumns": "own ones only, read by the check of an import",
    "accounts.StaffFinding": "read with its import",
    "contacts.ImportColumns": "own ones only, read by the check of an import",
    "contacts.ImportFinding": "read with its import",
    "contacts.Membership": "read with its contact",
    "contacts.ContactScope": "derived, no page",
    "contacts.ContactSearch": "derived, no page",
    "contacts.ScopeCount": "derived, no page",
    "contacts.ContactUserGrant": "read with its contact",
    "contacts.ContactGroupGrant": "read with its contact",
    "contacts.ContactMerge": "read with the contact that remains",
    "contacts.ContactVisibleStaff": "read with its contact",
    "contacts.ViewAs": "own views only, by the id in the session",
    "core.AuditHead": "end of the chain, no page",
    "core.OutboxEntry": "effects, no page",
    "core.Heartbeat": "health only",
    "wecom_sync.Apart": "read with the plans that would ask",
    "wecom_sync.Callback": "what WeCom told, no page",
    "wecom_sync.SentCard": "cards that are out, no page",
    "wecom_sync.LogLine": "read with its run",
    "wecom_sync.OwnDepartment": "read with its run or department",
    "wecom_sync.OwnPerson": "read with its run or person",
    "wecom_sync.PulledRule": "what a run has read, no page",
    "wecom_sync.PulledPerson": "what a run has read, no page",
    "wecom_sync.PulledPlace": "what a run has read, no page",
    "wecom_sync.RemotePerson": "read with its contact or run",
    "wecom_sync.RemotePlace": "read with its chain or node",
    "im.Attachment": "read with a message that carries it",
    "im.PushKey": "one row, no page: the public half is shown, the private one is encrypted",
    "im.PushSubscription": "own ones only, by the address that the browser has",
    "im.Reminder": "no page; the own trouble of a channel is read with its settings",
    "im.Participant": "read with its conversation",
    "orgs.DimensionDetail": "read with its node",
    "orgs.OrganizationDetail": "read with its node",
    "portal.AppOpening": "read with its app, by who keeps the registry",
    "orgs.NodeUserGrant": "read with its node",
    "orgs.NodeGroupGrant": "read with its node",
    "orgs.NodeVisibleStaff": "read with its node",
    "orgs.DirectorySettings": "one row, administrators",
}


def test_every_model_has_a_rule_or_a_reason() -> None:
    models = {
        model._meta.label
        for app in APPS
        for model in apps.get_app_config(app).get_models()
        if not model._meta.auto_created
    }
    assert not RULES.keys() & EXEMPT.keys()
    assert models == RULES.keys() | EXEMPT.keys()
