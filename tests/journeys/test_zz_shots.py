from __future__ import annotations
from tests.journeys.test_inspector import *  # noqa
from tests.journeys.test_inspector import PROMPT
for _n in [n for n in globals() if n.startswith("test_")]: del globals()[_n]
from generation.models import Lora
def test_shots(site, alice, sign_in):
    Lora.objects.filter(name="line-art").update(trigger_words=["line art", "ink"])
    Lora.objects.filter(name="fluent-3d").update(family="sdxl")
    Embedding.objects.create(name="EasyNegative", title="Easy Negative", family="mini", path="x", sha256="e" * 64)
    for theme in ("light", "dark"):
        for w, h in ((1280, 1000), (360, 780)):
            page = sign_in(alice, viewport={"width": w, "height": h}, color_scheme=theme)
            page.fill(PROMPT, "a [red:(blue:1.2):0.5] (shiny:1.3) apple, (glowing:1.6), (((bold))), [dull], <lora:line-art:0.8> <lora:fluent3d:0.6> <lora:fluent-3d:1>, ink, (open")
            if w < 1000:
                page.click(".prompt-card__options > summary")
            page.click("summary:has-text('Negative')")
            page.fill("[name=negative_prompt]", "[ : EasyNegative:0.5], extra fingers, (worst quality:1.7), text")
            page.wait_for_selector("#inspection-negative_prompt .mention")
            page.wait_for_timeout(600)
            page.screenshot(path=f"/tmp/shot_{theme}_{w}.png")
            if w < 1000:
                page.click(".prompt-card__options > summary")
                page.wait_for_timeout(300)
                page.screenshot(path=f"/tmp/shot_{theme}_{w}_b.png")
            page.fill(PROMPT, "")
            page.locator(PROMPT).press_sequentially("a cat <lora:l")
            page.wait_for_timeout(600)
            page.screenshot(path=f"/tmp/shot_{theme}_{w}_c.png")
            page.locator("#read-picture").evaluate("1")
            page.context.close()
