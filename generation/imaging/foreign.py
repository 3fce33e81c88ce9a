"""Reads other programs' pictures (InvokeAI, Fooocus, SwarmUI, NovelAI) into the terms of infotext; `comfyui` its own.

The parsers are sd-parsers'. They get texts that were read here, not files: that package's own file reading keeps the
last picture's text by the object's memory address, so one person's prompt could turn up in another person's picture.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sd_parsers.data import Generators, Model, Prompt, PromptInfo, Sampler
from sd_parsers.parsers import FooocusParser, InvokeAIParser, NovelAIParser

from generation.imaging.comfyui import read_comfyui
from generation.imaging.foreign_names import FIELDS, UNTOLD, json_object, number, sampler_and_schedule, stem
from generation.imaging.infotext import NamedLora, ParsedInfotext

Texts = Mapping[str, str]
Collected = tuple[dict[str, Any], Iterable[NamedLora]]


def read_foreign(texts: Texts, size: tuple[int, int]) -> ParsedInfotext | None:
    """The first tool that knows these texts, or None. `size` (width, height) stands in where a tool keeps no size."""
    for tool in _TOOLS:
        try:
            prepared = tool.prepare(texts)
            if prepared is None:
                continue
            info = tool.parse(prepared)
            if info.samplers:
                return _infotext(tool, info, size)
        except Exception:
            # The parsers trust their tools to write what they expect; a stranger's file can make them raise anything.
            continue
    try:
        return read_comfyui(texts, size)
    except (TypeError, ValueError, LookupError, RecursionError):
        return None


@dataclass(frozen=True, slots=True)
class _Tool:
    """`prepare` picks what `parse` needs from the texts (None: not this tool's); `collect` gives settings and LoRAs."""

    name: str
    prepare: Callable[[Texts], dict[str, Any] | None]
    parse: Callable[[dict[str, Any]], PromptInfo]
    collect: Callable[[PromptInfo, Sampler], Collected]


def _infotext(tool: _Tool, info: PromptInfo, size: tuple[int, int]) -> ParsedInfotext:
    sampler = next((sampler for sampler in info.samplers if sampler.prompts), info.samplers[0])
    settings, loras = tool.collect(info, sampler)
    schedule = str(settings.pop("scheduler", "") or "")
    # InvokeAI has one field, called scheduler, for the sampler; sd-parsers gives it as both.
    name, schedule = sampler_and_schedule(str(sampler.name), "" if schedule == sampler.name else schedule)
    fields = {"Sampler": name, "Schedule type": schedule, "Size-1": str(size[0]), "Size-2": str(size[1])}
    if sampler.model:
        fields |= {"Model": stem(str(sampler.model.name or "")), "Model hash": str(sampler.model.hash or "")}
    fields |= {
        FIELDS[key]: str(value)
        for key, value in settings.items()
        if key in FIELDS and isinstance(value, str | int | float) and value != ""
    }
    leftovers = [str(key) for key, value in settings.items() if _says_more(str(key), value)]
    if len(info.samplers) > 1:
        leftovers.append(f"{len(info.samplers) - 1} more sampler passes")
    return ParsedInfotext(
        prompt=", ".join(prompt.value for prompt in sampler.prompts),
        negative_prompt=", ".join(prompt.value for prompt in sampler.negative_prompts),
        fields={key: value for key, value in fields.items() if value},
        loras=tuple(loras),
        leftovers=tuple(leftovers),
        tool=tool.name,
    )


def _says_more(key: str, value: object) -> bool:
    """Whether a setting is on and has no key in infotext; Fooocus repeats its LoRAs as `lora_combined_1` and so on."""
    is_off = value in (None, "", "None", False, [], {})
    return not (is_off or key in FIELDS or key in UNTOLD or key.startswith("lora_combined"))


def _flat(info: PromptInfo, sampler: Sampler) -> dict[str, Any]:
    return {**info.metadata, **sampler.parameters}


def _invokeai_metadata(texts: Texts) -> dict[str, Any] | None:
    """InvokeAI since version 4 calls the checkpoint's name `name`; sd-parsers looks for the older `model_name`."""
    metadata = json_object(texts.get("invokeai_metadata", ""))
    if not metadata:
        return dict(texts) if {"sd-metadata", "Dream"} & set(texts) else None
    model = metadata.get("model")
    if isinstance(model, dict) and "name" in model:
        metadata["model"] = {**model, "model_name": model["name"]}
    return {"invokeai_metadata": json.dumps(metadata)}


def _invokeai_settings(info: PromptInfo, sampler: Sampler) -> Collected:
    settings = _flat(info, sampler)
    if "clip_skip" in settings:
        settings["clip_skip"] = int(settings["clip_skip"]) + 1  # counts skipped layers; infotext counts from 1
    settings["vae"] = _invokeai_name(settings.get("vae"))
    rows = settings.pop("loras", None) or []
    return settings, (
        NamedLora(_invokeai_name(row.get("model") or row.get("lora")), number(row.get("weight"))) for row in rows
    )


def _invokeai_name(weights: object) -> str:
    return stem(str(weights.get("name") or weights.get("model_name") or "")) if isinstance(weights, dict) else ""


def _fooocus_settings(info: PromptInfo, sampler: Sampler) -> Collected:
    settings = _flat(info, sampler)
    size = str(settings.pop("resolution", "")).strip("()").split(",")
    if len(size) == 2:
        settings |= {"width": size[0].strip(), "height": size[1].strip()}
    rows = settings.pop("loras", None) or []
    return settings, (NamedLora(stem(str(row[0])), number(row[1]), hash=str((*row, "")[2])) for row in rows)


def _json_parameters(key: str) -> Callable[[Texts], dict[str, Any] | None]:
    def prepare(texts: Texts) -> dict[str, Any] | None:
        parameters = texts.get("parameters", "")
        return {"parameters": parameters} if key in json_object(parameters) else None

    return prepare


def _parse_swarmui(texts: dict[str, Any]) -> PromptInfo:
    """SwarmUI's own form, which sd-parsers does not know, into that package's terms."""
    settings = dict(json_object(texts["parameters"])["sui_image_params"])
    model = Model(name=settings.pop("model")) if settings.get("model") else None
    sampler = Sampler(
        name=str(settings.pop("sampler", "euler")),
        parameters={"cfg_scale": settings.pop("cfgscale", None)},
        model=model,
        prompts=[Prompt(str(settings.pop("prompt", "")))],
        negative_prompts=[Prompt(str(settings.pop("negativeprompt", "")))],
    )
    return PromptInfo(Generators.UNKNOWN, [sampler], settings, texts)


def _swarmui_settings(info: PromptInfo, sampler: Sampler) -> Collected:
    settings = _flat(info, sampler)
    if "clipstopatlayer" in settings:
        settings["clip_skip"] = -int(settings.pop("clipstopatlayer"))
    names, weights = settings.pop("loras", None) or [], settings.pop("loraweights", None) or []
    padded = [*weights, *[1.0] * len(names)]
    return settings, (NamedLora(stem(str(name)), number(weight)) for name, weight in zip(names, padded, strict=False))


def _novelai_texts(texts: Texts) -> dict[str, Any] | None:
    return dict(texts) if texts.get("Software") == "NovelAI" else None


def _novelai_settings(info: PromptInfo, sampler: Sampler) -> Collected:
    settings = _flat(info, sampler)
    settings["scheduler"] = settings.pop("noise_schedule", "")
    return settings, ()


_TOOLS = (
    _Tool("SwarmUI", _json_parameters("sui_image_params"), _parse_swarmui, _swarmui_settings),
    _Tool("Fooocus", _json_parameters("base_model"), FooocusParser().parse, _fooocus_settings),
    _Tool("InvokeAI", _invokeai_metadata, InvokeAIParser().parse, _invokeai_settings),
    _Tool("NovelAI", _novelai_texts, NovelAIParser().parse, _novelai_settings),
)
