"""The rows of the access table that are the studio's and its lab's."""

from __future__ import annotations

from tests.architecture.access_rows import (
    MEMBERS,
    OWNER,
    row,
)

STUDIO = {
    "studio/": row(GET=MEMBERS),
    "studio/datasets/new/": row(GET=MEMBERS, POST=MEMBERS),
    "studio/datasets/<slug:code>/": row("studio/datasets/{dataset}/", GET=OWNER, POST=OWNER),
    "studio/datasets/<slug:code>/table/": row("studio/datasets/{dataset}/table/", GET=OWNER),
    "studio/datasets/<slug:code>/captions/": row("studio/datasets/{dataset}/captions/", POST=OWNER),
    "studio/datasets/<slug:code>/split/": row("studio/datasets/{dataset}/split/", POST=OWNER),
    "studio/datasets/<slug:code>/words/": row("studio/datasets/{dataset}/words/", GET=OWNER),
    "studio/datasets/<slug:code>/delete/": row("studio/datasets/{dataset}/delete/", GET=OWNER, POST=OWNER),
    "studio/datasets/<slug:code>/pictures/": row("studio/datasets/{dataset}/pictures/", POST=OWNER),
    "studio/datasets/<slug:code>/images/": row("studio/datasets/{dataset}/images/", GET=OWNER, POST=OWNER),
    **{
        f"studio/datasets/<slug:code>/pictures/<slug:picture>/{verb}/": row(
            f"studio/datasets/{{dataset}}/pictures/{{picture}}/{verb}/", POST=OWNER
        )
        for verb in ("caption", "crop", "remove")
    },
    **{
        f"studio/datasets/<slug:code>/pictures/<slug:picture>/{file}": row(
            f"studio/datasets/{{dataset}}/pictures/{{picture}}/{file}", GET=OWNER
        )
        for file in ("file", "thumbnail")
    },
    "studio/runs/new/": row("studio/runs/new/?dataset={dataset}", GET=OWNER, POST=OWNER),
    "studio/runs/new/knobs/": row("studio/runs/new/knobs/?dataset={dataset}", GET=OWNER),
    "studio/runs/new/quote/": row("studio/runs/new/quote/?dataset={dataset}", GET=OWNER),
    "studio/runs/<slug:code>/": row("studio/runs/{run}/", GET=OWNER),
    "studio/runs/<slug:code>/parts/<slug:name>/": row("studio/runs/{run}/parts/head/", GET=OWNER),
    "studio/runs/<slug:code>/delete/": row("studio/runs/{run}/delete/", GET=OWNER, POST=OWNER),
    "studio/runs/<slug:code>/<slug:verb>/": row("studio/runs/{run}/pause/", POST=OWNER),
    "studio/runs/<slug:code>/snapshots/<int:step>/choose/": row("studio/runs/{run}/snapshots/500/choose/", POST=OWNER),
    "studio/runs/<slug:code>/snapshots/<int:step>/file": row("studio/runs/{run}/snapshots/500/file", GET=OWNER),
    "studio/runs/<slug:code>/snapshots/<int:step>/<int:number>": row("studio/runs/{run}/snapshots/500/0", GET=OWNER),
    "studio/searches/<slug:code>/": row("studio/searches/{search}/", GET=OWNER),
    "studio/searches/<slug:code>/results/": row("studio/searches/{search}/results/", GET=OWNER),
    "studio/searches/<slug:code>/cancel/": row("studio/searches/{search}/cancel/", GET=OWNER, POST=OWNER),
    "studio/searches/<slug:code>/delete/": row("studio/searches/{search}/delete/", GET=OWNER, POST=OWNER),
}

LAB = {
    "studio/lab/": row(GET=MEMBERS, POST=MEMBERS),
    "studio/lab/quote/": row(POST=MEMBERS),
    "studio/lab/grids/<slug:code>/": row("studio/lab/grids/{grid}/", GET=OWNER),
    "studio/lab/grids/<slug:code>/sheet/": row("studio/lab/grids/{grid}/sheet/", GET=OWNER),
    "studio/lab/grids/<slug:code>/film.mp4": row("studio/lab/grids/{way}/film.mp4", GET=OWNER),
    "studio/lab/grids/<slug:code>/film.webp": row("studio/lab/grids/{way}/film.webp", GET=OWNER),
    "studio/lab/grids/<slug:code>/cancel/": row("studio/lab/grids/{grid}/cancel/", POST=OWNER),
    "studio/lab/merge/": row(GET=MEMBERS, POST=MEMBERS),
    "studio/lab/merges/": row(GET=MEMBERS),
}
