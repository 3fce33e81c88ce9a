"""What of the admin is open to whom."""

from __future__ import annotations

# The admin: whoever is not staff stays out of all of it. What a moderator may enter is listed; the rest is closed.
ADMIN_FOR_ALL = {"admin/login/", "admin/logout/", "admin/jsi18n/"}
ADMIN_FOR_MODERATORS = {
    "admin/",
    "admin/search/",
    "admin/gallery/post/",
    "admin/gallery/post/decide/",
    "admin/gallery/post/rate/",
    "admin/gallery/comment/",
    "admin/gallery/commentdecision/",
    "admin/gallery/commentreport/",
    "admin/gallery/appeal/",
    "admin/gallery/claim/",
    "admin/gallery/claim/bulk/",
    "admin/gallery/claim/<slug:subject>/<int:key>/act/",
    "admin/gallery/decision/",
    "admin/gallery/moderationact/",
    "admin/gallery/notice/",
    "admin/gallery/release/",
    "admin/gallery/release/decide/",
    "admin/gallery/releasedecision/",
    "admin/gallery/report/",
    "admin/gallery/sanction/",
    "admin/generation/safeguardrecord/",
    "admin/password_change/",
    "admin/password_change/done/",
}
