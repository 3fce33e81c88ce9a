"""Makes ComfyUI's graphs fit for sd-parsers and picks settings and LoRAs out of what comes back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sd_parsers.data import PromptInfo, Sampler

from generation.imaging.foreign_names import UNTOLD, json_object, number, stem
from generation.imaging.infotext import NamedLora

# Walking a graph costs samplers times nodes; true ones stay far below.
MAX_GRAPH_NODES = 600
MAX_GRAPH_SAMPLERS = 8


def comfyui_graph(texts: Mapping[str, str]) -> dict[str, Any] | None:
    """ComfyUI's executed graph, with links rebuilt from its inputs: many pictures lack the drawn workflow."""
    graph = {
        key: node
        for key, node in json_object(texts.get("prompt", "")).items()
        if isinstance(node, dict) and isinstance(node.get("inputs"), dict)
    }
    if not graph:
        return None
    samplers = sum("steps" in node["inputs"] for node in graph.values())
    if len(graph) > MAX_GRAPH_NODES or samplers > MAX_GRAPH_SAMPLERS:
        return None
    links = [
        [0, value[0], 0, key, 0, name.upper()]
        for key, node in graph.items()
        for name, value in node["inputs"].items()
        if isinstance(value, list) and value
    ]
    return {"prompt": {key: _fitted(node) for key, node in graph.items()}, "workflow": {"links": links}}


def _fitted(node: dict[str, Any]) -> dict[str, Any]:
    """A LoRA node's link named `model` would be taken for the checkpoint's name; only samplers keep theirs. ComfyUI
    marks embeddings in prompts, where A1111 knows them by their bare names."""
    inputs = {
        key: value.replace("embedding:", "") if isinstance(value, str) else value
        for key, value in node["inputs"].items()
        if key != "model" or "steps" in node["inputs"] or not isinstance(value, list)
    }
    return {**node, "inputs": inputs}


def comfyui_settings(info: PromptInfo, sampler: Sampler) -> tuple[dict[str, Any], Iterator[NamedLora]]:
    settings = dict(sampler.parameters)
    passed = sampler.model.metadata if sampler.model else {}
    for kind, nodes in [*info.metadata.items(), *passed.items()]:
        for node in nodes if isinstance(nodes, list) else [nodes]:
            if not isinstance(node, dict) or "lora_name" in node:
                continue
            if "width" in node and "height" in node and "Latent" in kind:
                settings |= {"width": node["width"], "height": node["height"]}
            elif "stop_at_clip_layer" in node:
                settings["clip_skip"] = -int(node["stop_at_clip_layer"])
            elif "vae_name" in node:
                settings["vae"] = stem(str(node["vae_name"]))
            elif kind not in UNTOLD:
                settings[kind] = True
    return settings, _loras(passed)


def _loras(passed: Mapping[str, Any]) -> Iterator[NamedLora]:
    for nodes in passed.values():
        for node in nodes if isinstance(nodes, list) else [nodes]:
            if isinstance(node, dict) and isinstance(node.get("lora_name"), str):
                clip = number(node["strength_clip"]) if "strength_clip" in node else None
                yield NamedLora(stem(node["lora_name"]), number(node.get("strength_model")), clip)
