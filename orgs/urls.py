"""Addresses of 外部组织维护."""

from django.urls import URLPattern, path

from orgs.views import (
    actions,
    below,
    bulk,
    dimensions,
    history,
    lists,
    pages,
    picker,
    restructuring,
    rights,
    search,
)

app_name = "orgs"
NODE = "console/orgs/<int:node_id>/"
JOB = "console/orgs/restructuring/<int:pk>/"
BATCH = "console/orgs/restructuring/several/<int:pk>/"
DIMENSION = "console/dimensions/<int:node_id>/"
urlpatterns: list[URLPattern] = [
    path("console/", pages.console, name="console"),
    path("console/orgs/", pages.home, name="home"),
    path("console/orgs/search/", search.search, name="search"),
    path("console/orgs/pick/", picker.picker, name="node-picker"),
    path("console/orgs/pick/results/", picker.results, name="node-picker-results"),
    path(JOB, restructuring.detail, name="restructuring"),
    path(f"{JOB}cancel/", restructuring.cancel, name="restructuring-cancel"),
    path(f"{JOB}card/", restructuring.card, name="restructuring-card"),
    path(BATCH, restructuring.batch, name="restructuring-batch"),
    path(f"{BATCH}cancel/", restructuring.batch_cancel, name="restructuring-batch-cancel"),
    path(f"{BATCH}card/", restructuring.batch_card, name="restructuring-batch-card"),
    path(NODE, pages.info, name="node"),
    path(f"{NODE}organizations/", below.organizations, name="node-organizations"),
    path(f"{NODE}organizations/bulk/", bulk.bulk_act, name="node-bulk"),
    path(f"{NODE}departments/", below.departments, name="node-departments"),
    path(f"{NODE}ranges/", rights.tab, name="node-ranges"),
    path(f"{NODE}ranges/add/<slug:what>/", rights.grant, name="node-grant"),
    path(f"{NODE}ranges/remove/<slug:what>/", rights.revoke, name="node-revoke"),
    path(f"{NODE}ranges/why/", rights.why, name="node-why"),
    path(f"{NODE}history/", history.history, name="node-history"),
    path(f"{NODE}children/", pages.children, name="node-children"),
    path(f"{NODE}new/<slug:kind>/", actions.new, name="node-new"),
    path(f"{NODE}edit/", actions.edit, name="node-edit"),
    path(f"{NODE}move/", actions.move, name="node-move"),
    path(f"{NODE}place/", actions.place, name="node-place"),
    path(f"{NODE}shift/<slug:way>/", actions.shift, name="node-shift"),
    path(f"{NODE}disable/", actions.disable, name="node-disable"),
    path(f"{NODE}enable/", actions.enable, name="node-enable"),
    path(f"{NODE}delete/", actions.delete, name="node-delete"),
    path("console/dimensions/", dimensions.dimension_list, name="dimensions"),
    path("console/dimensions/new/", dimensions.dimension_new, name="dimension-new"),
    path(f"{DIMENSION}edit/", dimensions.dimension_edit, name="dimension-edit"),
    path(f"{DIMENSION}disable/", dimensions.dimension_disable, name="dimension-disable"),
    path(f"{DIMENSION}enable/", dimensions.dimension_enable, name="dimension-enable"),
    path(f"{DIMENSION}delete/", dimensions.dimension_delete, name="dimension-delete"),
    path("console/categories/", lists.categories, name="categories"),
    path("console/categories/new/", lists.category_new, name="category-new"),
    path("console/categories/<int:pk>/edit/", lists.category_edit, name="category-edit"),
    path("console/categories/<int:pk>/delete/", lists.category_delete, name="category-delete"),
    path("console/categories/<int:pk>/merge/", lists.category_merge, name="category-merge"),
    path(
        "console/categories/<int:pk>/shift/<slug:way>/", lists.category_shift, name="category-shift"
    ),
    path("console/tags/<int:pk>/merge/", lists.tag_merge, name="tag-merge"),
    path("console/tags/<int:pk>/edit/", lists.tag_edit, name="tag-edit"),
    path("console/tags/<int:pk>/delete/", lists.tag_delete, name="tag-delete"),
    path("console/settings/directory/", lists.directory_settings, name="settings"),
]
