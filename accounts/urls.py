"""Addresses of log-in, own account, credentials, choosers, staff and departments."""

from django.urls import URLPattern, path

from accounts.views import (
    departments,
    issue,
    login,
    own,
    picker,
    policy,
    second,
    security,
    staff,
    staff_actions,
)

app_name = "accounts"
urlpatterns: list[URLPattern] = [
    path("", login.home, name="home"),
    path("login/", login.login, name="login"),
    path("login/code/", second.second_factor, name="second-factor"),
    path("login/passkey/", second.passkey_login, name="passkey-login"),
    path("logout/", login.logout, name="logout"),
    path("activate/<str:token>/", login.activate, name="activate"),
    path("preferences/", login.preferences, name="preferences"),
    path("account/password/", own.password, name="password"),
    path("account/sessions/", own.sessions, name="sessions"),
    path("account/sessions/end/", own.session_end, name="session-end"),
    path("account/sessions/end-all/", own.session_end_all, name="session-end-all"),
    path("account/security/", security.security, name="security"),
    path("account/security/prove/", security.prove, name="prove"),
    path("account/security/app/", security.totp_add, name="totp-add"),
    path("account/security/passkey/", security.passkey_add, name="passkey-add"),
    path("account/security/codes/", security.recovery_codes, name="recovery-codes"),
    path("account/security/<int:pk>/remove/", security.factor_remove, name="factor-remove"),
    path("account/security/<int:pk>/rename/", security.factor_rename, name="factor-rename"),
    path("account/privacy/", own.privacy, name="privacy"),
    path("credentials/<str:issue_key>/", issue.issue, name="issue"),
    path("credentials/<str:issue_key>/reveal/", issue.reveal, name="reveal"),
    path("pick/people/", picker.picker, name="picker"),
    path("pick/people/results/", picker.results, name="picker-results"),
    path("console/login-policy/", policy.login_policy, name="login-policy"),
    path("console/staff/", staff.staff, name="staff"),
    path("console/staff/new/", staff.staff_create, name="staff-create"),
    path("console/staff/<int:user_id>/", staff.staff_page, name="staff-page"),
    path("console/staff/<int:user_id>/edit/", staff.staff_edit, name="staff-edit"),
    path("console/staff/<int:user_id>/<slug:action>/", staff_actions.staff_act, name="staff-act"),
    path("console/departments/", departments.departments, name="departments"),
    path("console/departments/new/", departments.department_create, name="department-create"),
    path("console/departments/<int:department_id>/", departments.departments, name="department"),
    path(
        "console/departments/<int:department_id>/rename/",
        departments.department_rename,
        name="department-rename",
    ),
    path(
        "console/departments/<int:department_id>/move/",
        departments.department_move,
        name="department-move",
    ),
    path(
        "console/departments/<int:department_id>/delete/",
        departments.department_delete,
        name="department-delete",
    ),
    path(
        "console/departments/<int:department_id>/members/",
        departments.department_members,
        name="department-members",
    ),
    path(
        "console/departments/<int:department_id>/members/<int:user_id>/remove/",
        departments.department_member_remove,
        name="department-member-remove",
    ),
]
