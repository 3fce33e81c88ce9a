"""Addresses of this dialect, at the host's root, where its programs look for them."""

from __future__ import annotations

from django.urls import path

from generation.api.a1111 import controls, drawing, lists, pictures, progress

urlpatterns = [
    path("sdapi/v1/txt2img", drawing.TextToImageView.as_view(), name="a1111-txt2img"),
    path("sdapi/v1/img2img", drawing.ImageToImageView.as_view(), name="a1111-img2img"),
    path("sdapi/v1/extra-single-image", drawing.UpscaleView.as_view(), name="a1111-extra-single-image"),
    path("sdapi/v1/png-info", pictures.PngInfoView.as_view(), name="a1111-png-info"),
    path("sdapi/v1/progress", progress.ProgressView.as_view(), name="a1111-progress"),
    path("sdapi/v1/interrupt", progress.InterruptView.as_view(), name="a1111-interrupt"),
    path("sdapi/v1/skip", progress.SkipView.as_view(), name="a1111-skip"),
    path("sdapi/v1/options", lists.OptionsView.as_view(), name="a1111-options"),
    path("sdapi/v1/samplers", lists.SamplersView.as_view(), name="a1111-samplers"),
    path("sdapi/v1/schedulers", lists.SchedulersView.as_view(), name="a1111-schedulers"),
    path("sdapi/v1/sd-models", lists.CheckpointsView.as_view(), name="a1111-sd-models"),
    path("sdapi/v1/sd-vae", lists.VaesView.as_view(), name="a1111-sd-vae"),
    path("sdapi/v1/sd-modules", lists.VaesView.as_view(), name="a1111-sd-modules"),
    path("sdapi/v1/loras", lists.LorasView.as_view(), name="a1111-loras"),
    path("sdapi/v1/embeddings", lists.EmbeddingsView.as_view(), name="a1111-embeddings"),
    path("sdapi/v1/prompt-styles", lists.StylesView.as_view(), name="a1111-prompt-styles"),
    path("sdapi/v1/upscalers", lists.UpscalersView.as_view(), name="a1111-upscalers"),
    path("sdapi/v1/latent-upscale-modes", lists.LatentModesView.as_view(), name="a1111-latent-upscale-modes"),
    path("sdapi/v1/scripts", lists.ScriptsView.as_view(), name="a1111-scripts"),
    path("sdapi/v1/cmd-flags", lists.FlagsView.as_view(), name="a1111-cmd-flags"),
    path("sdapi/v1/memory", lists.MemoryView.as_view(), name="a1111-memory"),
    path("controlnet/model_list", controls.ControlModelsView.as_view(), name="a1111-control-models"),
    path("controlnet/module_list", controls.ControlModulesView.as_view(), name="a1111-control-modules"),
    path("controlnet/version", controls.ControlVersionView.as_view(), name="a1111-control-version"),
    path("internal/ping", lists.PingView.as_view(), name="a1111-ping"),
]
