"""Addresses of messages. Included twice: for staff, and in the portal as instance "portal-im"."""

from django.urls import URLPattern, path

from im.views import files, forward, groups, search, settings, threads

app_name = "im"
urlpatterns: list[URLPattern] = [
    path("", threads.index, name="index"),
    path("settings/", settings.settings, name="settings"),
    path("settings/choose/", settings.choose, name="choose"),
    path("badge/", threads.badge, name="badge"),
    path("find/", threads.find, name="find"),
    path("start/", threads.start, name="start"),
    path("search/", search.search, name="search"),
    path("forward/find/", forward.find, name="forward-find"),
    path("<int:pk>/", threads.thread, name="thread"),
    path("<int:pk>/older/", threads.older, name="older"),
    path("<int:pk>/news/", threads.news, name="news"),
    path("<int:pk>/send/", threads.send, name="send"),
    path("<int:pk>/forward/<int:seq>/", forward.forward, name="forward"),
    path("<int:pk>/files/", search.shared, name="shared"),
    path("<int:pk>/attach/", files.attach, name="attach"),
    path("<int:pk>/file/<int:seq>/", files.file, name="file"),
    path("<int:pk>/file/<int:seq>/preview/", files.preview, name="preview"),
    path("<int:pk>/read/", threads.read, name="read"),
    path("<int:pk>/recall/<int:seq>/", threads.recall, name="recall"),
    path("<int:pk>/pin/", threads.pin, name="pin"),
    path("<int:pk>/mute/", threads.mute, name="mute"),
    path("<int:pk>/details/", threads.details, name="details"),
    path("<int:pk>/members/", groups.members, name="members"),
    path("<int:pk>/readers/<int:seq>/", groups.readers, name="readers"),
    path("groups/new/", groups.new, name="group-new"),
    path("groups/people/", groups.people, name="people"),
    path("<int:pk>/people/", groups.people, name="group-people"),
    path("<int:pk>/add/", groups.add, name="group-add"),
    path("<int:pk>/rename/", groups.rename, name="group-rename"),
    path("<int:pk>/remove/<int:user_id>/", groups.remove, name="group-remove"),
    path("<int:pk>/owner/<int:user_id>/", groups.hand_over, name="group-owner"),
    path("<int:pk>/leave/", groups.leave, name="group-leave"),
    path("<int:pk>/dissolve/", groups.dissolve, name="group-dissolve"),
]
