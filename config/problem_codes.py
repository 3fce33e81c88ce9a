"""The codes that the API's problems have, and what each means: a promise to programs, shown at `/api/problems/`.

A code that has been here stays, and goes on meaning what it says. A test finds the codes that are raised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    codes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Family:
    """Codes that mean the same of different things; `form` has an … in the place of the thing."""

    form: str
    meaning: str
    members: tuple[str, ...]

    @property
    def anchor(self) -> str:
        return self.form.replace("…", "x")


GROUPS = (
    Group(
        "The request",
        {
            "invalid": "Fields are missing, of another kind, or too long; `errors` names each.",
            "bad-request": "The request could not be read.",
            "parse-error": "The body is not the JSON or form that its Content-Type says.",
            "charset": "The request is written in a character set that is not read.",
            "nul-character": "A text holds a NUL character.",
            "lone-surrogate": "A text holds half of a character.",
            "nested-too-deep": "The JSON is nested deeper than is read.",
            "unsupported-media-type": "The body's Content-Type is not taken at this address.",
            "not-acceptable": "The answer comes in no type that the Accept header takes.",
            "body-too-large": "More was sent than this address takes.",
            "method-not-allowed": "The address does not take this method.",
            "not-found": "There is no such thing, or it is not yours: the two are not told apart.",
            "one-change": "Send one change at a time.",
            "one-thing": "Name one thing, not several.",
            "other-site": "The address is another site's.",
            "missing-parameter": "A field is missing that this dialect asks for.",
            "unsupported-parameter": "The dialect has this field, and the site does not.",
            "unknown-parameter": "The dialect has no such field.",
            "invalid-value": "A field has a value that it does not take, or that another field forbids.",
            "invalid-size": "The size is none.",
            "invalid-image": "The picture is not encoded as this dialect has it.",
            "no-addresses": "Pictures are not fetched from addresses; send the picture itself.",
        },
    ),
    Group(
        "Who asks",
        {
            "not-authenticated": "The address needs a token or a session.",
            "authentication-failed": "The token is unknown, was removed, or has expired.",
            "permission-denied": "You may not do this.",
            "missing-scope": "The token lacks the scope that the sentence names.",
            "address-not-allowed": "The token may not be used from this address.",
            "checkpoint-not-allowed": "The token may not use this checkpoint.",
            "lora-not-allowed": "The token may not use this LoRA.",
            "another-token": "A token may remove itself alone.",
            "no-longer-allowed": "The token or session ended while an answer was waited for.",
            "token-needed": "This is for API tokens alone, not for sessions or programs that were let in by OAuth.",
            "bad-origin": "A page of another site asks.",
            "bad-link": "The address was not given out here.",
            "link-expired": "The address was good for some minutes.",
            "no-second-factor": "Staff need a second factor first.",
            "suspended": "The account is suspended; the sentence says until when.",
            "not-a-moderator": "Only moderators may do this.",
            "last-administrator": "The site would be left without an administrator.",
            "secret-unreadable": "A secret was sealed with a key that the site has lost; its operator can mend that.",
            "account-closed": "The account has been closed.",
            "not-an-administrator": "Only who may suspend accounts may do this.",
            "visit-not-allowed": "Pages of this person are not visited, or not by you.",
            "during-visit": "Closed while one of the staff looks at somebody's pages.",
            "invitation-needed": "New accounts need an invitation.",
            "invitation-used": "The invitation is not known, used up, or expired.",
            "domain-not-allowed": "Addresses at this domain are not taken.",
            "other-issuer": "The metadata of the provider of OpenID Connect are those of another one.",
            "connected-already": "The login elsewhere belongs to an account here.",
        },
    ),
    Group(
        "People whom a program names",
        {
            "person-not-signed": "Nobody signed who asks, or not with the secret of this token.",
            "person-signed-too-long": "The signature is good for longer than is taken.",
            "person-expired": "The signature has expired.",
            "person-unknown": "Nobody here has the person's address.",
            "person-unconfirmed": "Somebody has this address and has not confirmed it yet.",
            "person-closed": "The person's account is closed.",
            "person-being-made": "The person's account is being made; ask again in a moment.",
            "may-not-speak": "Only the token of an administrator speaks for people.",
            "no-plan": "The operator names a plan for such people that is not there.",
        },
    ),
    Group(
        "How much and how often",
        {
            "throttled": "Asked too often; `Retry-After` says when to ask again.",
            "no-credits": "The balance does not pay for it.",
            "token-budget": "The token's budget does not pay for it.",
            "token-daily-credits": "The token's credits of the day do not pay for it.",
            "over-budget": "It may cost more than the limit that was sent along.",
            "queue-full": "More would wait than the plan holds in line.",
            "storage-full": "Your files take all the room of your plan.",
            "no-room": "The site's disk is full; nothing was kept.",
            "result-too-large": "What a second pass or an upscale makes is larger than the plan allows.",
            "incomplete-upscaler": "The upscaler's file lacks a layer, or has one of another shape.",
            "too-large": "It is larger than the plan or the site takes.",
            "too-long": "It is longer than is taken.",
            "too-much-text": "The file holds more text than is read.",
            "too-small": "It has fewer pixels than are needed.",
            "collection-full": "The collection holds as many pictures as it can.",
            "dataset-full": "The data set holds as many pictures as it can.",
            "grid-too-large": "The grid has more cells than are drawn.",
            "export-too-soon": "A copy is made at most once an hour.",
        },
    ),
    Group(
        "Repeated and simultaneous requests",
        {
            "idempotency-key-reused": "The Idempotency-Key stood for another request.",
            "request-in-flight": "A request with this Idempotency-Key is under way.",
            "request-too-slow": "The request took too long and was undone.",
            "changed-meanwhile": "Somebody else was quicker.",
            "claimed": "Somebody else has this in hand.",
            "export-going": "A copy is being made already.",
        },
    ),
    Group(
        "Prompts and recipes",
        {
            "empty-prompt": "A recipe needs a prompt.",
            "prompt-too-long": "The text has more characters than are read.",
            "start-and-inversion": "A recipe starts from a picture or from the noise behind one, not from both.",
            "prompt-rule": "The prompt meets a rule of this site.",
            "no-checkpoint": "No checkpoint is installed.",
            "nothing-clicked": "Nothing was clicked, and no box was drawn.",
            "clicked-outside": "A click lies outside of the picture.",
            "wrong-family": "A LoRA, embedding or ControlNet is for another family than the checkpoint.",
            "hypernet": "Hypernetworks are not drawn with.",
            "tag-number": "The weight of a tag is no number.",
            "tag-argument": "A tag has an argument that it does not take.",
            "tag-without-name": "A tag names no LoRA.",
            "empty-grid": "A grid needs an axis.",
            "empty-mask": "Nothing of the mask is to be drawn.",
            "needs-a-mask": "The checkpoint only inpaints: it needs a picture and a mask.",
            "no-alpha": "Nothing of the picture is transparent.",
            "no-controlnet": "A control picture was chosen, but no ControlNet that reads it.",
            "no-preview": "A network makes this control picture, and only when the picture is drawn.",
            "no-parameters": "The text has no line of parameters.",
        },
    ),
    Group(
        "Jobs, pictures and files",
        {
            "still-drawn": "It takes longer than is waited. The picture is made all the same.",
            "cancelled": "The picture was cancelled.",
            "picture-withheld": "An automatic look at the picture found what your plan does not make.",
            "internal-error": "Something broke on the site's side while drawing. The credits are back.",
            "storage-refused": "The picture could not be stored. The credits are back.",
            "out-of-memory": "The picture needs more memory than the device has. The credits are back.",
            "render-failed": "Something broke on the site's side while drawing. The credits are back.",
            "engine-stopped": "The drawing was stopped before its end. The credits are back.",
            "weights-missing": "A weight file is not where it was. The credits are back.",
            "worker-lost": "Those that drew it broke down. The credits are back.",
            "not-finite": "The numbers of the picture ran away. The credits are back.",
            "recipe-not-here": "The picture was drawn with weights that are not here.",
            "edits-not-supported": "Pictures are made from words alone.",
            "no-img2img": "Pictures are made from words alone.",
            "no-upscaler": "There is no upscaler.",
            "script-refused": "The script is not run here.",
            "already-ended": "It has ended; there is nothing to cancel or stop.",
            "not-ended": "It has not ended yet.",
            "not-waiting": "It does not wait any more.",
            "not-traced": "The picture has not been traced yet.",
            "nothing-picked": "No picture was picked.",
            "nothing-to-undo": "There is nothing to undo.",
            "no-picture": "No picture was sent, or there is none of this name.",
            "picture-too-large": "The picture's file is larger than is read.",
            "picture-deleted": "Its owner has deleted the picture.",
            "damaged-picture": "The picture cannot be read.",
            "animated-picture": "The picture moves.",
            "sources-full": "Your pictures to start from take all the room of your plan.",
            "source-missing": "A picture that the job starts from is gone. The credits are back.",
            "source-unreadable": "A picture that the job starts from cannot be read any more. The credits are back.",
            "hostile-picture": "The file is made so that reading it costs too much.",
            "file-gone": "The file is gone from the site's storage.",
            "file-too-large": "The file is larger than is taken.",
            "damaged-file": "The file is damaged.",
            "squeezed-too-hard": "The file unpacks to far more than it should.",
            "svg-failed": "Tracing failed.",
            "svg-too-large": "The traced picture would be too large.",
            "svg-too-slow": "Tracing would take too long.",
            "album-exists": "You have an album of this title.",
        },
    ),
    Group(
        "LoRAs",
        {
            "not-a-lora": "The file is another kind of weights.",
            "not-safetensors": "Only .safetensors files are taken.",
            "already-yours": "You have this file already.",
            "already-a-version": "It is a version of a series already.",
            "is-public": "It is public as it is; withdraw it first.",
            "published": "It is published as it is; withdraw it first.",
            "quarantined": "It is quarantined.",
            "lora-gone": "It was deleted, or it is quarantined.",
            "licence-forbids": "Its licence does not allow that.",
            "licence-of-parents": "The licences of what it was merged from do not allow that.",
            "not-to-be-had": "Its owner does not let others have the file.",
            "name-taken": "The name is taken.",
            "empty-style": "A style needs a prompt or a negative prompt.",
            "no-file": "A file was not sent along.",
            "no-styles": "The file is no styles.csv.",
            "empty-list": "A wildcard list needs a line.",
            "list-too-long": "The list is longer than is kept.",
            "averages-only": "The file holds averages of weights alone.",
            "broken-weights": "The weights and their description do not fit.",
            "contradicting-marks": "The file says two things that exclude each other.",
            "duplicate-key": "The file describes one thing twice.",
            "half-pair": "One half of a pair of weights is missing.",
            "header-too-large": "The file's table of contents is larger than is read.",
            "incomplete-checkpoint": "Weights or files of the checkpoint are missing.",
            "unused-key": "Nothing in the file can be drawn with.",
            "not-for-everybody": "It is not offered to everybody.",
        },
    ),
    Group(
        "Data sets and training",
        {
            "no-consent": "Say that you may use these pictures.",
            "no-title": "It needs a title.",
            "no-caption": "A picture needs a caption.",
            "no-such-file": "There is no such file.",
            "no-such-snapshot": "The training has no such snapshot.",
            "long-title": "The title has too many characters.",
            "long-trigger": "The trigger has too many characters.",
            "long-caption": "The caption has too many characters.",
            "second-caption": "The picture has another caption file.",
            "unreadable-caption": "The caption file is no text.",
            "many-pictures": "Several pictures have this name.",
            "same-picture": "The picture is there already.",
            "near-duplicate": "Nearly the same picture is there already.",
            "small-crop": "The crop leaves too few pixels.",
            "dataset-in-use": "A training uses these pictures.",
            "nested-archive": "An archive within an archive is not opened.",
            "damaged-zip": "The zip is damaged.",
            "zip-too-large": "The zip is larger than is taken.",
            "zip-unpacks-too-large": "The zip unpacks to more than is taken.",
            "locked": "The file is locked with a password.",
            "link": "The zip holds a link where a file should be.",
            "upload-too-many-pixels": "The pictures sent together have too many pixels.",
            "nothing-to-find": "Say what to look for.",
            "nothing-to-add": "Say what to add.",
            "nothing-to-keep": "Nothing has been learned yet.",
            "nothing-held-out": "A search needs pictures that are held out.",
            "wrong-number-of-pictures": "The data set has too few pictures, or too many.",
            "wrong-number-of-candidates": "A search compares more than one and not too many.",
            "in-a-search": "A search decides about this training.",
            "not-running": "The training does not run.",
            "not-paused": "The training is not paused.",
            "inpainting-checkpoint": "The checkpoint only inpaints, and nothing is learned with it.",
        },
    ),
    Group(
        "Webhooks",
        {
            "webhooks-off": "The site sends none.",
            "host-not-allowed": "The operator does not allow this host.",
            "webhook-exists": "The address is one of your webhooks already.",
            "webhook-off": "It is switched off.",
            "still-waiting": "It waits already, and is tried again by itself.",
        },
    ),
    Group(
        "The gallery",
        {
            "already-published": "It is in the gallery, or waits for a moderator, or was refused.",
            "already-reported": "You have reported it already.",
            "already-appealed": "You have objected already.",
            "blocked-words": "The words are not taken into this gallery.",
            "blocked-picture": "The picture was refused before.",
            "no-fingerprint": "The picture is too plain to be told from others.",
            "not-public": "It is no longer in the gallery.",
            "not-here": "It is not on this site.",
            "own-post": "It is your own post.",
            "own-comment": "It is your own comment.",
            "own-self": "It is yourself, or yours already.",
            "own-work": "It is your own: another moderator decides.",
            "oneself": "It is yourself: another moderator decides.",
            "same-person": "Another moderator has to.",
            "staff": "They are staff.",
            "author-left": "Its author has closed the account.",
            "banned-already": "They are banned already.",
            "closed": "It has been answered or closed already.",
            "nothing-decided": "There is no decision to object to.",
            "no-such-person": "There is nobody by that name.",
            "no-good-faith": "The statement of good faith is missing.",
            "tag-too-long": "A tag is too long.",
            "samples": "The samples are not pictures of yours that were drawn with it.",
            "too-late": "The time for it is over.",
            "too-late-to-undo": "The time to undo it is over.",
            "wrong-state": "It is in a state in which this cannot be done.",
        },
    ),
    Group(
        "The site",
        {
            "error": "Something broke on the site's side. It has been logged.",
            "part-away": "A part of the site is away; `Retry-After` says when to ask again.",
        },
    ),
)

FAMILIES = (
    Family(
        "bad-…",
        "The value of this field cannot be; the sentence says what can. `errors` names the field.",
        (
            "address", "addresses", "alpha", "alwayson-scripts", "area", "arguments", "axis", "blend", "box", "card",
            "character", "clicks", "control-steps", "controls", "crop", "cursor", "day", "days", "dtype", "email",
            "events", "expiry", "family", "fit", "flag", "focus", "grow", "header", "held-out", "idempotency-key",
            "key", "kind", "limit", "lora-weight", "mask-blur", "mask-size", "masked-content", "merge", "mix", "name",
            "note", "offsets", "padding", "palette", "period", "picture", "rank", "rating", "reason", "scale", "seed",
            "shape", "shares", "side", "size", "sort", "state", "strength", "tag", "title", "until", "visibility",
            "wait", "words",
        ),
    ),
    Family(
        "unknown-…",
        "There is nothing of this name that you may use.",
        (
            "axis", "checkpoint", "controlnet", "family", "format", "kind", "licence", "lora", "packing", "person",
            "picture", "preprocessor", "preset", "sampler", "schedule", "script", "selection", "style", "upscaler",
            "vae",
        ),
    ),
    Family("several-…", "The name means several; write one of those that the sentence lists.",
           ("checkpoints", "controlnets", "loras", "preprocessors", "vaes")),
    Family(
        "unsupported-…",
        "The file holds something that is not drawn with.",
        ("checkpoint", "control", "layout", "lora", "noise", "prediction", "quantization", "upscaler", "vae"),
    ),
    Family(
        "too-many-…",
        "More than is taken, or than one person may have.",
        (
            "albums", "bytes", "clicks", "collections", "comments", "controls", "datasets", "files", "followed",
            "links", "lists", "loras", "merges", "pending", "people", "pictures", "pixels", "runs", "sources", "steps",
            "streams", "styles", "tags", "tensors", "webhooks",
        ),
    ),
    Family("…-missing", "This has to be told.", ("licence", "reason", "title", "words")),
    Family("…-too-long", "This has more characters than are taken.", ("reason", "title", "words")),
)  # fmt: skip


def place_of(code: str) -> str:
    """Where on the page a code is explained, by its id there; empty for what is none."""
    if any(code in group.codes for group in GROUPS):
        return code
    for family in FAMILIES:
        before, _, after = family.form.partition("…")
        if code.startswith(before) and code.endswith(after) and len(code) > len(before + after):
            return family.anchor
    return ""
