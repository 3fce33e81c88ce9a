"""Who may do what at every address of the site. A new address fails the test until it has its row here.

A row gives, for each method that the address takes, what comes of it for (anonymous, owner, stranger, moderator):
`ok` is let in (2xx, a redirect inside the site, or 4xx about what was sent), `login` is sent to sign in (or 401),
`403`, `404` and `405` are themselves. `a|b` allows either. A method that the row does not name must be closed to
everybody. `path` fills in the address; its names are made in `access_things.py`.
"""

from __future__ import annotations

from tests.architecture.access_dialects import A1111, MCP, OPENAI
from tests.architecture.access_rows import (
    ALL,
    HIDDEN,
    MEMBERS,
    MEMBERS_OR_ABSENT,
    OWNER,
    STAFF,
    TOKEN_ALONE,
    Outcomes,
    Row,
    row,
)
from tests.architecture.access_studio import LAB, STUDIO

SITE = {
    "": row(GET=ALL),
    "status/": row(GET=ALL),
    "changes/": row(GET=ALL),
    "healthz": row(GET=ALL),
    "healthz/seen": row(GET=("404", "404", "404", "404")),
    "readyz": row(GET=ALL),
    "metrics": row(GET=STAFF),
    "help/": row(GET=ALL),
    "help/<slug:section>/": row("help/makers/", GET=ALL),
    "help/<slug:section>/<slug:name>/": row("help/makers/prompts/", GET=ALL),
    "help/controls/": row(GET=ALL),
    "help/api/": row(GET=ALL),
    "help/api/<slug:name>/": row("help/api/a1111/", GET=ALL),
}

MAKING = {
    "create/": row(GET=MEMBERS, POST=MEMBERS),
    "create/price/": row(GET=MEMBERS),
    "create/draft/": row(POST=MEMBERS),
    "create/choices/": row(GET=MEMBERS),
    "create/inspect/": row(POST=MEMBERS),
    "create/names/": row(GET=MEMBERS),
    "create/colours/": row(POST=MEMBERS),
    "create/read/": row(POST=MEMBERS),
    "create/select/": row(POST=MEMBERS),
    "create/select/<slug:code>/": row("create/select/abc/", GET=("login", "404", "404", "404")),
    "sources/": row(GET=MEMBERS, POST=MEMBERS),
    "sources/masks/": row(POST=MEMBERS),
    "sources/<slug:code>/file": row("sources/{source}/file", GET=OWNER),
    "sources/<slug:code>/thumbnail": row("sources/{source}/thumbnail", GET=OWNER),
    "sources/<slug:code>/alpha/": row("sources/{source}/alpha/", POST=OWNER),
    "sources/<slug:code>/control": row("sources/{source}/control", GET=OWNER),
    "sources/<slug:code>/upscale/": row("sources/{source}/upscale/", GET=OWNER, POST=OWNER),
    "sources/<slug:code>/delete/": row("sources/{source}/delete/", POST=OWNER),
    "jobs/tiles/": row(GET=MEMBERS),
    "jobs/cancel/": row(POST=MEMBERS),
    "jobs/<slug:code>/submission/": row("jobs/{job}/submission/", GET=OWNER),
    "jobs/<slug:code>/preview": row("jobs/{job}/preview", GET=("login", "ok|404", "404", "404")),
    "jobs/<slug:code>/cancel/": row("jobs/{job}/cancel/", POST=OWNER),
    "jobs/<slug:code>/prefer/": row("jobs/{job}/prefer/", POST=OWNER),
}

IMAGES = {
    "images/": row(GET=MEMBERS),
    "images/delete/": row(POST=MEMBERS),
    "images/restore/": row(POST=MEMBERS),
    "images/star/": row(POST=MEMBERS),
    "images/zip/": row(POST=MEMBERS),
    "images/<slug:code>/": row("images/{image}/", GET=OWNER),
    "images/<slug:code>/delete/": row("images/{image}/delete/", POST=OWNER),
    "images/<slug:code>/upscale/": row("images/{image}/upscale/", GET=OWNER, POST=OWNER),
    "images/<slug:code>/trace/": row("images/{image}/trace/", POST=OWNER),
    "images/<slug:code>/tracing/": row("images/{image}/tracing/", GET=OWNER),
    "images/<slug:code>/file": row("images/{image}/file", GET=OWNER),
    "images/<slug:code>/thumbnail": row("images/{image}/thumbnail", GET=OWNER),
    "images/<slug:code>/download/<slug:format_name>": row("images/{image}/download/webp", GET=OWNER),
    "images/<slug:code>/words/": row("images/{image}/words/", GET=OWNER, POST=OWNER),
    "images/<slug:code>/share/": row("images/{image}/share/", GET=OWNER, POST=OWNER),
    "albums/": row(GET=MEMBERS, POST=MEMBERS),
    "albums/add/": row(POST=MEMBERS),
    "albums/<slug:code>/": row("albums/{album}/", GET=OWNER, POST=OWNER),
    "albums/<slug:code>/delete/": row("albums/{album}/delete/", GET=OWNER, POST=OWNER),
    "albums/<slug:code>/remove/": row("albums/{album}/remove/", POST=OWNER),
    "albums/<slug:code>/share/": row("albums/{album}/share/", GET=OWNER, POST=OWNER),
    "albums/<slug:code>/zip": row("albums/{album}/zip", GET=OWNER),
    "links/": row(GET=MEMBERS),
    "links/<slug:code>/end/": row("links/{link}/end/", GET=OWNER, POST=OWNER),
    "shared/<str:token>/": row("shared/{shared}/", GET=ALL),
    "shared/<str:token>/<slug:code>/": row("shared/{shared}/{image}/", GET=ALL),
    "shared/<str:token>/<slug:code>/picture": row("shared/{shared}/{image}/picture", GET=ALL),
    "shared/<str:token>/<slug:code>/thumbnail": row("shared/{shared}/{image}/thumbnail", GET=ALL),
}

CATALOG = {
    "loras/": row(GET=ALL),
    "loras/<name:name>/": row("loras/{lora}/", GET=ALL),
    "loras/upload/": row(GET=MEMBERS, POST=MEMBERS),
    "loras/<name:name>/edit/": row("loras/{own_lora}/edit/", GET=OWNER, POST=OWNER),
    "loras/<name:name>/people/": row("loras/{own_lora}/people/", POST=OWNER),
    "loras/<name:name>/version/": row("loras/{own_lora}/version/", POST=OWNER),
    "loras/<name:name>/delete/": row("loras/{own_lora}/delete/", GET=OWNER, POST=OWNER),
    "loras/<name:name>/file": row("loras/{own_lora}/file", GET=OWNER),
    "loras/<name:name>/publish/": row("loras/{own_lora}/publish/", GET=OWNER, POST=OWNER),
    "loras/<name:name>/withdraw/": row("loras/{waiting_lora}/withdraw/", GET=OWNER, POST=OWNER),
    "releases/<slug:code>/samples/<int:place>": row("releases/{release}/samples/0", GET=ALL),
    "styles/": row(GET=MEMBERS, POST=MEMBERS),
    "styles/import/": row(POST=MEMBERS),
    "styles/export/": row(GET=MEMBERS),
    "styles/<slug:code>/": row("styles/{style}/", GET=OWNER, POST=OWNER),
    "styles/<slug:code>/delete/": row("styles/{style}/delete/", GET=OWNER, POST=OWNER),
    "wildcards/": row(GET=MEMBERS, POST=MEMBERS),
    "wildcards/<list:name>/": row("wildcards/{wildcard}/", GET=OWNER, POST=OWNER),
    "wildcards/-/delete/<list:name>/": row("wildcards/-/delete/{wildcard}/", GET=OWNER, POST=OWNER),
    "checkpoints/": row(GET=ALL),
    "controlnets/": row(GET=ALL),
    "checkpoints/<name:name>/": row("checkpoints/{checkpoint}/", GET=ALL),
}

GALLERY = {
    "gallery/": row(GET=ALL),
    "gallery/feed.atom": row(GET=ALL),
    "gallery/feed.rss": row(GET=ALL),
    "robots.txt": row(GET=ALL),
    "sitemap.xml": row(GET=ALL),
    "sitemaps/pages.xml": row(GET=ALL),
    "sitemaps/help.xml": row(GET=ALL),
    "sitemaps/posts-<int:part>.xml": row("sitemaps/posts-0.xml", GET=ALL),
    "sitemaps/authors-<int:part>.xml": row("sitemaps/authors-0.xml", GET=ALL),
    "gallery/following/": row(GET=MEMBERS),
    "gallery/mine/": row(GET=MEMBERS),
    "gallery/<slug:code>/": row("gallery/{post}/", GET=ALL),
    "gallery/<slug:code>/picture": row("gallery/{post}/picture", GET=ALL),
    "gallery/<slug:code>/thumbnail": row("gallery/{post}/thumbnail", GET=ALL),
    "gallery/<slug:code>/thumbnail/<int:side>": row("gallery/{post}/thumbnail/320", GET=ALL),
    "gallery/<slug:code>/like/": row("gallery/{post}/like/", POST=MEMBERS),
    "gallery/<slug:code>/comments/": row("gallery/{post}/comments/", GET=ALL, POST=MEMBERS),
    "gallery/<slug:code>/remixes/": row("gallery/{post}/remixes/", GET=ALL),
    "gallery/<slug:code>/collect/": row("gallery/{post}/collect/", GET=MEMBERS, POST=MEMBERS_OR_ABSENT),
    "gallery/<slug:code>/report/": row("gallery/{post}/report/", GET=MEMBERS, POST=MEMBERS),
    "gallery/<slug:code>/withdraw/": row("gallery/{post}/withdraw/", GET=OWNER, POST=OWNER),
    "notices/": row(GET=ALL),
    "notices/<slug:kind>/": row("notices/illegal-content/", GET=ALL, POST=ALL),
    "appeals/by-mail/<str:token>/": row("appeals/by-mail/{appeal_token}/", GET=ALL, POST=ALL),
    "appeals/<slug:subject>/<slug:code>/": row("appeals/post/{rejected}/", GET=OWNER, POST=OWNER),
    "transparency/": row(GET=ALL),
    "verify/": row(GET=ALL, POST=ALL),
    "verify/marks/": row(GET=ALL),
    "verify/authority.pem": row(GET=ALL),
    "by/<str:username>/": row("by/alice/", GET=ALL),
    "comments/<slug:code>/delete/": row("comments/{comment}/delete/", GET=OWNER, POST=OWNER),
    "comments/<slug:code>/report/": row("comments/{comment}/report/", GET=MEMBERS, POST=MEMBERS),
    "comments/<slug:code>/remove/": row("comments/{comment}/remove/", GET=STAFF, POST=STAFF),
    "collections/": row(GET=MEMBERS, POST=MEMBERS),
    "collections/<slug:code>/": row("collections/{collection}/", GET=HIDDEN),
    "collections/<slug:code>/edit/": row("collections/{collection}/edit/", GET=OWNER, POST=OWNER),
    "collections/<slug:code>/people/": row("collections/{collection}/people/", POST=OWNER),
    "collections/<slug:code>/delete/": row("collections/{collection}/delete/", GET=OWNER, POST=OWNER),
    "notifications/": row(GET=MEMBERS),
    "by/<str:username>/follow/": row("by/alice/follow/", POST=MEMBERS),
    "images/<slug:code>/publish/": row("images/{image}/publish/", GET=OWNER, POST=OWNER),
}

# What a link does not lead to is not there, and neither is anything behind one that has ended: for its owner either.
NOWHERE: Outcomes = ("404", "404", "404", "404")
UNSHARED = [
    row(f"shared/{token}/{path}", GET=NOWHERE)
    for token, code in (("{shared}", "{own}"), ("{revoked}", "{image}"), ("{expired}", "{image}"), ("x.y", "{image}"))
    for path in ("", f"{code}/", f"{code}/picture", f"{code}/thumbnail")
    if (token, path) != ("{shared}", "")
]

WAITING = [
    row("gallery/{waiting}/", GET=HIDDEN),
    row("loras/{own_lora}/", GET=HIDDEN),
    row("releases/{waiting_release}/samples/0", GET=HIDDEN),
    row("gallery/{waiting}/picture", GET=HIDDEN),
    row("gallery/{waiting}/thumbnail", GET=HIDDEN),
    row("gallery/{waiting}/thumbnail/1280", GET=HIDDEN),
    row("gallery/{waiting}/comments/", GET=NOWHERE, POST=NOWHERE),
    row("gallery/{waiting}/like/", POST=("login", "404", "404", "404")),
    row("gallery/{waiting}/remixes/", GET=NOWHERE),
    row("gallery/{waiting}/report/", GET=("login", "404", "404", "404"), POST=("login", "404", "404", "404")),
    row("gallery/{waiting}/withdraw/", GET=OWNER, POST=OWNER),
    row("by/charlie/", GET=("404", "404", "404", "404")),
    row("by/charlie/follow/", POST=("login", "404", "404", "404")),
    row("api/v1/posts/{waiting}", GET=HIDDEN, DELETE=OWNER),
]

# AGAIN asks a signed-in person to prove it once more, or leads a guest to the sign-in page.
AGAIN: Outcomes = ("login", "login", "login", "login")
ABSENT_TO_ALL: Outcomes = ("404", "404", "404", "404")
ACCOUNT = {
    "invite/<slug:code>/": row("invite/no-such-code/", GET=("404", "ok", "ok", "ok")),
    "visit/end/": row(POST=ALL),
    "accounts/oidc/<str:provider_id>/login/": row("accounts/oidc/sso/login/", GET=ABSENT_TO_ALL, POST=ABSENT_TO_ALL),
    "accounts/oidc/<str:provider_id>/login/callback/": row("accounts/oidc/sso/login/callback/", GET=ABSENT_TO_ALL),
    "account/": row(GET=MEMBERS),
    "account/credits/": row(GET=MEMBERS),
    "account/notifications/": row(GET=MEMBERS, POST=MEMBERS),
    "account/export/": row(GET=MEMBERS, POST=MEMBERS),
    "account/export/file": row(GET=AGAIN),
    "account/webhooks/": row(GET=MEMBERS, POST=MEMBERS),
    "account/webhooks/<slug:code>/": row("account/webhooks/{webhook}/", GET=OWNER),
    "account/webhooks/<slug:code>/secret/": row("account/webhooks/{webhook}/secret/", GET=OWNER, POST=OWNER),
    "account/webhooks/<slug:code>/test/": row("account/webhooks/{webhook}/test/", POST=OWNER),
    "account/webhooks/<slug:code>/switch/": row("account/webhooks/{webhook}/switch/", POST=OWNER),
    "account/webhooks/<slug:code>/delete/": row("account/webhooks/{webhook}/delete/", GET=OWNER, POST=OWNER),
    "account/webhooks/<slug:code>/deliveries/<slug:delivery>/again/": row(
        "account/webhooks/{webhook}/deliveries/{delivery}/again/", POST=OWNER
    ),
    "account/delete/": row(GET=AGAIN, POST=AGAIN),
    "account/take-back/": row(GET=ABSENT_TO_ALL, POST=ABSENT_TO_ALL),
    "account/viewing/": row(GET=MEMBERS, POST=MEMBERS),
    "account/tokens/": row(GET=MEMBERS, POST=MEMBERS),
    "account/programs/<slug:client>/remove/": row(
        "account/programs/none/remove/", GET=MEMBERS_OR_ABSENT, POST=MEMBERS_OR_ABSENT
    ),
    "account/tokens/<slug:key>/remove/": row("account/tokens/{token}/remove/", GET=OWNER, POST=OWNER),
}

# allauth's own pages, whose tests are its own: here it counts that none is forgotten.
ABSENT: Outcomes = ("login", "404", "404", "404")
# A fresh challenge for whoever asks; a DELETE is answered like a GET where the person is not led away.
CHALLENGE: Outcomes = ("login|ok|405", "ok|405", "ok|405", "ok|405")
ALLAUTH = {
    "accounts/login/": row(GET=ALL, POST=ALL),
    "accounts/3rdparty/": row(GET=MEMBERS, POST=MEMBERS),
    "accounts/3rdparty/login/cancelled/": row(GET=ALL),
    "accounts/3rdparty/login/error/": row(GET=TOKEN_ALONE),
    "accounts/3rdparty/signup/": row(GET=AGAIN, POST=AGAIN),
    # Where the settings name a provider; here they name none.
    "accounts/oidc/^(?P<provider_id>[^/]+)/login/": row("accounts/oidc/sso/login/", GET=ABSENT_TO_ALL),
    "accounts/oidc/^(?P<provider_id>[^/]+)/login/callback/": row(
        "accounts/oidc/sso/login/callback/", GET=ABSENT_TO_ALL
    ),
    "accounts/social/login/cancelled/": row(GET=ALL, POST=ALL, PATCH=ALL, DELETE=ALL),
    "accounts/social/login/error/": row(GET=ALL, POST=ALL, PATCH=ALL, DELETE=ALL),
    "accounts/social/signup/": row(GET=ALL, POST=ALL, PATCH=ALL, DELETE=ALL),
    "accounts/social/connections/": row(GET=ALL, POST=ALL, PATCH=ALL, DELETE=ALL),
    "accounts/logout/": row(GET=ALL, POST=ALL),
    "accounts/inactive/": row(GET=ALL),
    "accounts/signup/": row(GET=ALL, POST=ALL),
    "accounts/reauthenticate/": row(GET=MEMBERS, POST=MEMBERS),
    "accounts/email/": row(GET=MEMBERS, POST=MEMBERS),
    "accounts/confirm-email/": row(GET=ALL),
    "accounts/^confirm-email/(?P<key>[-:\\w]+)/$": row("accounts/confirm-email/no-such-key/", GET=ALL),
    "accounts/password/change/": row(GET=MEMBERS, POST=MEMBERS),
    "accounts/password/set/": row(GET=MEMBERS, POST=MEMBERS),
    "accounts/password/reset/": row(GET=ALL, POST=ALL),
    "accounts/password/reset/done/": row(GET=ALL),
    "accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": row(
        "accounts/password/reset/key/1-no-such-key/", GET=ALL, POST=ALL, PATCH=ALL, DELETE=ALL
    ),
    "accounts/password/reset/key/done/": row(GET=ALL),
    "accounts/login/code/confirm/": row(GET=MEMBERS, POST=MEMBERS),
    "accounts/2fa/": row(GET=MEMBERS),
    "accounts/2fa/authenticate/": row(GET=MEMBERS, POST=MEMBERS),
    "accounts/2fa/reauthenticate/": row(GET=AGAIN, POST=AGAIN),
    "accounts/2fa/totp/activate/": row(GET=AGAIN, POST=AGAIN),
    "accounts/2fa/totp/deactivate/": row(GET=ABSENT, POST=ABSENT),
    "accounts/2fa/recovery-codes/": row(GET=ABSENT),
    "accounts/2fa/recovery-codes/generate/": row(GET=AGAIN, POST=AGAIN),
    "accounts/2fa/recovery-codes/download/": row(GET=ABSENT),
    "accounts/2fa/webauthn/": row(GET=MEMBERS),
    "accounts/2fa/webauthn/add/": row(GET=AGAIN, POST=AGAIN),
    "accounts/2fa/webauthn/reauthenticate/": row(GET=AGAIN, POST=AGAIN),
    "accounts/2fa/webauthn/keys/<int:pk>/remove/": row("accounts/2fa/webauthn/keys/1/remove/", GET=AGAIN, POST=AGAIN),
    "accounts/2fa/webauthn/keys/<int:pk>/edit/": row("accounts/2fa/webauthn/keys/1/edit/", GET=AGAIN, POST=AGAIN),
    "accounts/2fa/webauthn/login/": row(GET=CHALLENGE, POST=CHALLENGE, PATCH=CHALLENGE, DELETE=CHALLENGE),
    "accounts/sessions/": row(GET=MEMBERS, POST=MEMBERS),
}

API = {
    "api/schema/": row(GET=ALL),
    "api/docs/": row(GET=ALL),
    "api/problems/": row(GET=ALL),
    "api/problems/<slug:code>": row("api/problems/queue-full", GET=ALL),
    "api/v1/me": row(GET=MEMBERS),
    "api/v1/ledger": row(GET=MEMBERS),
    "api/v1/tokens": row(GET=MEMBERS),
    "api/v1/tokens/<slug:prefix>": row("api/v1/tokens/{token}", DELETE=OWNER),
    "api/v1/feed": row(GET=MEMBERS),
    "api/v1/jobs": row(GET=MEMBERS, POST=MEMBERS),
    "api/v1/jobs/batch": row(POST=MEMBERS),
    "api/v1/jobs/events": row(GET=MEMBERS),
    "api/v1/jobs/cancel": row(POST=MEMBERS),
    "api/v1/jobs/<slug:code>": row("api/v1/jobs/{job}", GET=OWNER),
    "api/v1/jobs/<slug:code>/cancel": row("api/v1/jobs/{job}/cancel", POST=OWNER),
    "api/v1/jobs/<slug:code>/events": row("api/v1/jobs/{job}/events", GET=OWNER),
    "api/v1/jobs/<slug:code>/prefer": row("api/v1/jobs/{job}/prefer", POST=OWNER),
    "api/v1/images": row(GET=MEMBERS),
    "api/v1/images/<slug:code>": row("api/v1/images/{image}", GET=OWNER, PATCH=OWNER, DELETE=OWNER),
    "api/v1/images/<slug:code>/file/<slug:format_name>": row("api/v1/images/{image}/file/png", GET=OWNER),
    "api/v1/images/<slug:code>/small": row("api/v1/images/{image}/small", GET=OWNER),
    "api/v1/images/<slug:code>/trace": row("api/v1/images/{image}/trace", POST=OWNER),
    "api/v1/lines": row(POST=TOKEN_ALONE),
    "api/v1/albums": row(GET=MEMBERS, POST=MEMBERS),
    "api/v1/albums/<slug:code>": row("api/v1/albums/{album}", GET=OWNER, PATCH=OWNER, DELETE=OWNER),
    "api/v1/albums/<slug:code>/images": row("api/v1/albums/{album}/images", POST=OWNER),
    "api/v1/albums/<slug:code>/images/<slug:image>": row("api/v1/albums/{album}/images/{image}", DELETE=OWNER),
    "api/v1/links": row(GET=MEMBERS, POST=MEMBERS),
    "api/v1/links/<slug:code>": row("api/v1/links/{link}", DELETE=OWNER),
    **dict.fromkeys(("api/v1/checkpoints", "api/v1/embeddings", "api/v1/vaes", "api/v1/samplers"), row(GET=ALL)),
    **dict.fromkeys(("api/v1/controlnets", "api/v1/preprocessors", "api/v1/upscalers"), row(GET=ALL)),
    "api/v1/selections": row(POST=MEMBERS),
    "api/v1/selections/<slug:code>": row("api/v1/selections/abc", GET=("login", "404", "404", "404")),
    "api/v1/loras": row(GET=ALL, POST=MEMBERS),
    "api/v1/loras/<name:name>": row("api/v1/loras/{own_lora}", GET=HIDDEN, PATCH=OWNER, DELETE=OWNER),
    "api/v1/loras/<name:name>/file": row("api/v1/loras/{own_lora}/file", GET=OWNER),
    "api/v1/styles": row(GET=MEMBERS, POST=MEMBERS),
    "api/v1/styles/<slug:code>": row("api/v1/styles/{style}", GET=OWNER, PATCH=OWNER, DELETE=OWNER),
    "api/v1/wildcards": row(GET=MEMBERS, POST=MEMBERS),
    "api/v1/wildcards/<list:name>": row("api/v1/wildcards/{wildcard}", GET=OWNER, PATCH=OWNER, DELETE=OWNER),
    "api/v1/releases": row(GET=MEMBERS, POST=MEMBERS),
    "api/v1/releases/<slug:code>": row("api/v1/releases/{release}", GET=OWNER, DELETE=OWNER),
    "api/v1/webhooks": row(GET=MEMBERS, POST=MEMBERS),
    "api/v1/webhooks/<slug:code>": row("api/v1/webhooks/{webhook}", GET=OWNER, PATCH=OWNER, DELETE=OWNER),
    "api/v1/webhooks/<slug:code>/secret": row("api/v1/webhooks/{webhook}/secret", POST=OWNER),
    "api/v1/webhooks/<slug:code>/deliveries": row("api/v1/webhooks/{webhook}/deliveries", GET=OWNER),
    # Nothing is sent while the operator allows no hosts.
    "api/v1/webhooks/<slug:code>/test": row("api/v1/webhooks/{webhook}/test", POST=("login", "403", "404", "404")),
    "api/v1/webhooks/<slug:code>/deliveries/<slug:delivery>/redeliver": row(
        "api/v1/webhooks/{webhook}/deliveries/{delivery}/redeliver", POST=("login", "403", "404", "404")
    ),
    "api/v1/merges": row(GET=MEMBERS, POST=MEMBERS),
    "api/v1/grids": row(GET=MEMBERS, POST=MEMBERS),
    "api/v1/grids/<slug:code>": row("api/v1/grids/{grid}", GET=OWNER),
    "api/v1/grids/<slug:code>/film/<slug:kind>": row("api/v1/grids/{way}/film/mp4", GET=OWNER),
    "api/v1/grids/<slug:code>/cancel": row("api/v1/grids/{grid}/cancel", POST=OWNER),
    "api/v1/prompts/inspect": row(POST=MEMBERS),
    "api/v1/recipes/read": row(POST=MEMBERS),
    "api/v1/sources": row(GET=MEMBERS, POST=MEMBERS),
    "api/v1/sources/<slug:code>": row("api/v1/sources/{source}", GET=OWNER, DELETE=OWNER),
    "api/v1/sources/<slug:code>/file": row("api/v1/sources/{source}/file", GET=OWNER),
    "api/v1/sources/<slug:code>/small": row("api/v1/sources/{source}/small", GET=OWNER),
    "api/v1/sources/<slug:code>/mask": row("api/v1/sources/{source}/mask", POST=OWNER),
    "api/v1/datasets": row(GET=MEMBERS, POST=MEMBERS),
    "api/v1/datasets/<slug:code>": row("api/v1/datasets/{dataset}", GET=OWNER, PATCH=OWNER, DELETE=OWNER),
    "api/v1/datasets/<slug:code>/pictures": row("api/v1/datasets/{dataset}/pictures", POST=OWNER),
    "api/v1/datasets/<slug:code>/images": row("api/v1/datasets/{dataset}/images", POST=OWNER),
    "api/v1/datasets/<slug:code>/captions": row("api/v1/datasets/{dataset}/captions", POST=OWNER),
    "api/v1/datasets/<slug:code>/pictures/<slug:picture>": row(
        "api/v1/datasets/{dataset}/pictures/{picture}", PATCH=OWNER, DELETE=OWNER
    ),
    "api/v1/runs": row(GET=MEMBERS, POST=MEMBERS),
    "api/v1/runs/<slug:code>": row("api/v1/runs/{run}", GET=OWNER, DELETE=OWNER),
    "api/v1/runs/<slug:code>/pause": row("api/v1/runs/{run}/pause", POST=OWNER),
    "api/v1/runs/<slug:code>/resume": row("api/v1/runs/{run}/resume", POST=OWNER),
    "api/v1/runs/<slug:code>/stop": row("api/v1/runs/{run}/stop", POST=OWNER),
    "api/v1/runs/<slug:code>/discard": row("api/v1/runs/{run}/discard", POST=OWNER),
    "api/v1/runs/<slug:code>/snapshots/<int:step>/file": row("api/v1/runs/{run}/snapshots/500/file", GET=OWNER),
    "api/v1/searches": row(GET=MEMBERS, POST=MEMBERS),
    "api/v1/searches/<slug:code>": row("api/v1/searches/{search}", GET=OWNER, DELETE=OWNER),
    "api/v1/searches/<slug:code>/cancel": row("api/v1/searches/{search}/cancel", POST=OWNER),
    "api/v1/verify": row(POST=ALL),
    "api/v1/posts": row(GET=ALL, POST=MEMBERS),
    "api/v1/posts/<slug:code>": row("api/v1/posts/{post}", GET=ALL, DELETE=OWNER),
    "api/v1/authors/<str:username>/follow": row(
        "api/v1/authors/alice/follow", GET=MEMBERS, PUT=MEMBERS, DELETE=MEMBERS
    ),
    "api/v1/posts/<slug:code>/comments": row("api/v1/posts/{post}/comments", GET=ALL, POST=MEMBERS),
    "api/v1/comments/<slug:code>": row("api/v1/comments/{comment}", DELETE=OWNER),
    "api/v1/posts/<slug:code>/like": row("api/v1/posts/{post}/like", GET=MEMBERS, PUT=MEMBERS, DELETE=MEMBERS),
    "api/v1/posts/<slug:code>/report": row("api/v1/posts/{post}/report", POST=MEMBERS),
    "api/v1/comments": row(GET=MEMBERS),
    "api/v1/comments/<slug:code>/report": row("api/v1/comments/{comment}/report", POST=MEMBERS),
    "api/v1/collections": row(GET=MEMBERS, POST=MEMBERS),
    "api/v1/collections/<slug:code>": row("api/v1/collections/{collection}", GET=HIDDEN, PATCH=OWNER, DELETE=OWNER),
    "api/v1/collections/<slug:code>/posts": row("api/v1/collections/{collection}/posts", GET=HIDDEN),
    "api/v1/collections/<slug:code>/posts/<slug:post>": row(
        "api/v1/collections/{collection}/posts/{post}", PUT=OWNER, DELETE=OWNER
    ),
    "api/v1/collections/<slug:code>/people/<str:username>": row(
        "api/v1/collections/{collection}/people/bob", PUT=OWNER, DELETE=MEMBERS_OR_ABSENT
    ),
    "api/v1/notifications": row(GET=MEMBERS),
    "api/v1/notifications/read": row(POST=MEMBERS),
    "api/v1/notices": row(POST=ALL),
    "api/v1/appeals": row(GET=MEMBERS, POST=MEMBERS),
    "api/v1/sanctions": row(GET=MEMBERS),
    "api/v1/transparency": row(GET=ALL),
}

TABLE: dict[str, Row] = {
    **SITE, **MAKING, **IMAGES, **CATALOG, **LAB, **STUDIO, **GALLERY, **ACCOUNT, **ALLAUTH, **API, **A1111, **OPENAI,
    **MCP,
}  # fmt: skip
