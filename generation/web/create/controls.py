"""A page that says in one line each what the controls of making pictures do; most lines are the controls' own."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from generation.recipes.controls import PREPROCESSORS
from generation.recipes.fields import COUNT, FIELDS
from generation.recipes.variation import RESIZE_FROM
from generation.web.create import control_pictures, hires, parts, starting

EDITOR = (
    ("Brush", "B", "Paint over what is to be drawn anew. A pen that presses less paints thinner."),
    ("Eraser", "E", "Rub out paint: what is bare stays as it is."),
    ("Lasso", "L", "Draw a line around something; all inside of it is painted."),
    ("Box", "M", "Draw a box; all inside of it is painted."),
    ("Select by click", "C", "Click on a thing and it is painted. The page says what found its edges."),
    ("Take away", "Alt", "Lasso, box and clicks take paint away while it is held."),
    ("Size", "[ and ]", "How thick brush and eraser are."),
    ("Undo, redo", "Z, Shift Z", "One step back, or forth again."),
    ("Invert", "I", "What was painted is bare, and what was bare is painted."),
    ("Feather", "", "The edge of the paint fades a little more with every press."),
    ("Zoom", "+ and -", "Look closer or from afar; two fingers do it too. 0 shows the whole picture."),
    ("Move", "Space", "Held while the pointer moves, it moves the picture; so do two fingers."),
    ("Handles at the sides", "Arrows", "Draw one outwards and the picture grows there; the new ground is drawn."),
)
PARTS = (
    ("Styles", "", "Words that are put around yours; several stand one within the other, in their order."),
    ("Palette", "", "Up to five colours that the picture is drawn towards. Empty: its own."),
)
OF_A_PICTURE = (
    ("Change it", "", "The picture is started from: what you paint over is drawn anew, and its sides may grow."),
    ("Edit by words", "", "The picture is traced back to its noise, and drawn from there with other words."),
    (
        "Make it larger",
        "",
        "A copy of 1.5 to 4 times the pixels. By Lanczos, or by a network that draws sharper edges.",
    ),
    ("Draw it over", "", "How much a larger copy is drawn anew, tile by tile. 0: not at all; 0.2 to 0.4 adds detail."),
    ("Between", "", "A strip and a film of the way to another seed, prompt or picture; a loop goes the way back too."),
    ("Keep its shape", "", "A ControlNet holds another picture to this one's edges, depth or pose."),
    ("Use its colours", "", "Another picture is drawn towards the main colours of this one."),
    ("Compare", "C", "The source over the result, as far as the slider goes."),
)


@require_GET
def controls(request: HttpRequest) -> HttpResponse:
    sections = [
        ("Every picture", [(row.title, "", row.explanation) for row in (*FIELDS.values(), COUNT)]),
        (
            "Starting from a picture",
            [
                *((row.title, "", row.explanation) for row in (starting.STRENGTH, *starting.MASKED_ROWS, starting.FIT)),
                ("New ground", "", "Pixels that are drawn at the left, top, right or bottom; the rest stays."),
            ],
        ),
        ("Painting a mask", EDITOR),
        (
            "Styles, colours and variations",
            [*PARTS, *((row.title, "", row.explanation) for row in (*parts.ROWS.values(), RESIZE_FROM))],
        ),
        (
            "Control pictures",
            [
                *((row.title, "", row.explanation) for row in control_pictures.ROWS_OF_ONE),
                *((f"Read as: {row.title}", "", row.explanation) for row in PREPROCESSORS.values()),
            ],
        ),
        ("What can be made of a picture", OF_A_PICTURE),
        ("A second pass, larger", [(row.title, "", row.explanation) for row in hires.ROWS.values()]),
    ]
    return render(request, "generation/controls.html", {"sections": sections})
