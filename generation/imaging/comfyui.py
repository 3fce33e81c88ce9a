"""Reads ComfyUI's executed graph into the terms of infotext: from the sampler back along its links, by node type.

A link that leads to a node of a type not known here is told as a leftover; no other text or number takes its place.
What the types are called lies in `comfyui_nodes`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from generation.imaging import comfyui_nodes as nodes
from generation.imaging.foreign_names import json_object, number, sampler_and_schedule, stem
from generation.imaging.infotext import MAX_INFOTEXT_CHARS, NamedLora, ParsedInfotext

MAX_FOLLOWED = 5_000
"""Links: a hostile graph can join one node to itself again and again."""
MAX_DEPTH = 200
MAX_LEFTOVERS = 60


@dataclass(frozen=True, slots=True)
class Node:
    """One node of the graph; `inputs` are values or links, `[id, output]`."""

    id: str
    kind: str
    inputs: Mapping[str, Any]


def read_comfyui(texts: Mapping[str, str], size: tuple[int, int]) -> ParsedInfotext | None:
    """What the graph in the text `prompt` draws, or None where that text is no graph. `size` (width, height) is the
    picture's own and stands in where the graph tells none."""
    graph = {
        str(key): Node(str(key), str(node.get("class_type", "")), node["inputs"])
        for key, node in json_object(texts.get("prompt", "")).items()
        if isinstance(node, dict) and isinstance(node.get("inputs"), dict)
    }
    return _Walk(graph).read(size) if graph else None


@dataclass(slots=True)
class _Walk:
    """One reading of one graph. `visited` nodes are accounted for; `leftovers` names what could not be taken over."""

    graph: Mapping[str, Node]
    visited: set[str] = field(default_factory=set)
    leftovers: list[str] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)
    loras: list[NamedLora] = field(default_factory=list)
    followed: int = 0

    def read(self, size: tuple[int, int]) -> ParsedInfotext:
        prompt = negative = ""
        self.fields |= {"Size-1": str(size[0]), "Size-2": str(size[1])}
        samplers = self._samplers()
        if not samplers:
            self.leftovers.append("sampler")
        else:
            prompt, negative = self._sampler(samplers[0])
            if len(samplers) > 1:
                self.leftovers.append(f"{len(samplers) - 1} more sampler passes")
        self._vae()
        unvisited = (node.kind for node in self.graph.values() if node.id not in self.visited)
        self.leftovers += [kind for kind in unvisited if kind not in nodes.QUIET]
        told = list(dict.fromkeys(self.leftovers))
        if len(told) > MAX_LEFTOVERS:
            told = [*told[:MAX_LEFTOVERS], f"{len(told) - MAX_LEFTOVERS} more nodes"]
        return ParsedInfotext(
            prompt=prompt,
            negative_prompt=negative,
            fields={key: value for key, value in self.fields.items() if value},
            loras=tuple(self.loras),
            leftovers=tuple(told),
            tool="ComfyUI",
        )

    def _samplers(self) -> list[Node]:
        """The passes, the one that begins the picture first: its latent comes from no other pass."""
        found = [node for node in self.graph.values() if node.kind in nodes.SAMPLERS]
        if not found:
            found = [node for node in self.graph.values() if node.inputs.keys() >= nodes.LIKE_A_SAMPLER]
            self.leftovers += [node.kind for node in found]
        self.visited.update(node.id for node in found)
        return sorted(found, key=lambda node: self._after_another(node, {one.id for one in found}))

    def _after_another(self, node: Node, passes: set[str]) -> bool:
        for _ in range(MAX_DEPTH):
            links = [node.inputs.get(name) for name in ("latent_image", "samples", "pixels", "image", "images")]
            before = next((found for found in map(self._node, links) if found), None)
            if before is None:
                return False
            if before.id in passes:
                return True
            node = before
        return True

    def _source(self, link: Any) -> tuple[Node | None, int]:
        """The node and the output that a link leads to, through reroutes; no node for what is no link, and beyond
        MAX_FOLLOWED."""
        while isinstance(link, list) and len(link) == 2 and self.followed < MAX_FOLLOWED:
            self.followed += 1
            node = self.graph.get(str(link[0]))
            if node is None or node.kind not in nodes.REROUTES:
                return node, link[1] if isinstance(link[1], int) else 0
            self.visited.add(node.id)
            link = next((value for value in node.inputs.values() if isinstance(value, list)), None)
        return None, 0

    def _node(self, link: Any) -> Node | None:
        return self._source(link)[0]

    def _sampler(self, node: Node) -> tuple[str, str]:
        """Reads all that a pass is told; a custom pass keeps its parts in nodes of their own."""
        inputs = dict(node.inputs)
        for name, part in [(name, self._node(inputs.get(name))) for name in ("noise", "guider", "sampler", "sigmas")]:
            if part:
                inputs |= self._part(name, part)
        for key, name in nodes.SETTINGS.items():
            if key in inputs:
                self.fields[name] = self._plain(inputs[key], name)
        name, schedule = (self._plain(inputs.get(key, ""), key) for key in ("sampler_name", "scheduler"))
        self.fields["Sampler"], self.fields["Schedule type"] = sampler_and_schedule(name, schedule)
        self._bounds(inputs)
        self._model(inputs.get("model"))
        self._latent(inputs.get("latent_image"))
        prompt = self._text(inputs.get("positive"), "prompt")
        negative = self._text(inputs.get("negative"), "negative prompt") if "negative" in inputs else ""
        return prompt, negative

    def _part(self, name: str, part: Node) -> dict[str, Any]:
        """The inputs of one part of a custom pass, in the words of a plain one."""
        self.visited.add(part.id)
        known = nodes.PARTS[name].get(part.kind)
        if known is None:
            self.leftovers.append(f"{name} from {part.kind}")
            return {"steps": part.inputs["steps"]} if name == "sigmas" and "steps" in part.inputs else {}
        for key, usual in nodes.USUAL.items():
            if key in part.inputs and part.inputs[key] != usual:
                self.leftovers.append(f"{key} {part.inputs[key]} of {part.kind}")
        # The model that sigmas are computed for is not the one that draws.
        taken = {key: value for key, value in part.inputs.items() if (name, key) != ("sigmas", "model")}
        return {known.get(key, key): value for key, value in taken.items()} | {
            key[1:]: value for key, value in known.items() if key.startswith("=")
        }

    def _bounds(self, inputs: Mapping[str, Any]) -> None:
        """A pass that begins late, ends early or adds no noise draws only a part of a picture."""
        steps = number(self.fields.get("Steps"))
        for key, whole in (("start_at_step", 0), ("end_at_step", steps)):
            value = inputs.get(key, whole)
            if isinstance(value, list) or (number(value) > 0 if key == "start_at_step" else number(value) < steps):
                self.leftovers.append(f"{key} {value}")
        if inputs.get("add_noise") in ("disable", False):
            self.leftovers.append("add_noise disable")

    def _plain(self, value: Any, name: str) -> str:
        """A literal or what a node of a plain value holds, as text; empty, and told, where it cannot be followed."""
        known = self._value(value, MAX_DEPTH)
        if known is None:
            self.leftovers.append(self._unfollowed(name, value))
        return known or ""

    def _unfollowed(self, name: str, link: Any) -> str:
        node = self._node(link)
        return f"{name} from {node.kind}" if node else name

    def _value(self, value: Any, depth: int) -> str | None:
        if isinstance(value, dict) and isinstance(value.get("content"), str):
            value = value["content"]  # a list with pictures, of pysssss' nodes
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return str(value)
        node, output = self._source(value)
        if node is None or output or depth == 0:
            return None
        if node.kind in nodes.JOINED_TEXTS:
            return self._joined(node, depth)
        key = nodes.VALUES.get(node.kind)
        if key is None or key not in node.inputs:
            return None
        self.visited.add(node.id)
        return self._value(node.inputs[key], depth - 1)

    def _joined(self, node: Node, depth: int) -> str | None:
        keys, between = nodes.JOINED_TEXTS[node.kind]
        delimiter = str(node.inputs.get("delimiter", between)).replace("\\n", "\n")
        texts = [self._value(node.inputs[key], depth - 1) for key in keys if key in node.inputs]
        self.visited.add(node.id)
        if any(text is None for text in texts):
            return None
        joined = delimiter.join(text for text in texts if text)
        return joined if len(joined) <= MAX_INFOTEXT_CHARS else None

    def _text(self, link: Any, name: str) -> str:
        text = self._conditioning(link, name, MAX_DEPTH)
        if text is None:
            return ""
        # ComfyUI marks embeddings in prompts, where A1111 knows them by their bare names.
        return text.replace("embedding:", "")

    def _conditioning(self, link: Any, name: str, depth: int) -> str | None:
        """The words behind a conditioning; None, and told, where they cannot be followed."""
        node, output = self._source(link)
        if node is None or depth == 0:
            self.leftovers.append(name)
            return None
        self.visited.add(node.id)
        if node.kind in nodes.TEXT_ENCODERS:
            self._clip(node.inputs.get("clip"))
            return self._encoded(node, name)
        if node.kind in nodes.ZEROED:
            if name == "prompt":
                self.leftovers.append(f"{name} from {node.kind}")
            return ""
        if node.kind == "ConditioningConcat":
            ends = ("conditioning_to", "conditioning_from")
            texts = [self._conditioning(node.inputs.get(end), name, depth - 1) for end in ends]
            joined = None if None in texts else " BREAK ".join(text or "" for text in texts)
            return joined if joined is None or len(joined) <= MAX_INFOTEXT_CHARS else None
        outputs = nodes.PASSED_ON.get(node.kind)
        if outputs is None or not 0 <= output < len(outputs):
            self.leftovers.append(f"{name} from {node.kind}")
            return None
        if node.kind in nodes.LOADERS_WITH_PROMPTS:
            return self._plain(node.inputs.get(outputs[output]), name)
        self.leftovers.append(node.kind)
        return self._conditioning(node.inputs.get(outputs[output]), name, depth - 1)

    def _encoded(self, node: Node, name: str) -> str | None:
        """An encoder's text; of several for several text encoders the first, and the others are told."""
        keys = [key for key in nodes.TEXT_ENCODERS[node.kind] if key in node.inputs]
        texts = [self._value(node.inputs[key], MAX_DEPTH) for key in keys]
        for key, text in zip(keys, texts, strict=True):
            if text is None:
                self.leftovers.append(self._unfollowed(name, node.inputs[key]))
        if not keys or None in texts:
            return None
        different = list(dict.fromkeys(text for text in texts if text))
        for text in different[1:]:
            self.leftovers.append(f"{name} of another text encoder: {text}")
        return different[0] if different else ""

    def _model(self, link: Any) -> None:
        """LoRAs and the checkpoint behind a pass's model."""
        for node in self._chain(link, "model"):
            if node.kind in nodes.CHECKPOINTS:
                self.fields["Model"] = stem(self._plain(node.inputs.get(nodes.CHECKPOINTS[node.kind]), "checkpoint"))
                if node.kind in nodes.LOADERS_WITH_PROMPTS:
                    self._whole_loader(node)
                return
            if node.kind in nodes.LORAS:
                self._lora(node)
            elif node.kind == "Power Lora Loader (rgthree)":
                self.loras += _listed_loras(node)
            else:
                self.leftovers.append(node.kind)
            if "model" not in node.inputs:
                self.leftovers.append(f"checkpoint from {node.kind}")

    def _whole_loader(self, node: Node) -> None:
        """A loader that also holds a LoRA, a VAE and the clip skip; "None" and "Baked VAE" stand for none."""
        if node.inputs.get("lora_name", "None") != "None":
            self._lora(node, ("lora_model_strength", "lora_clip_strength"))
        vae = node.inputs.get("vae_name", "Baked VAE")
        if vae != "Baked VAE":
            self.fields["VAE"] = stem(self._plain(vae, "VAE"))
        if "clip_skip" in node.inputs:
            self.fields["Clip skip"] = self._plain(node.inputs["clip_skip"], "Clip skip").removeprefix("-")

    def _lora(self, node: Node, strengths: tuple[str, str] = ("strength_model", "strength_clip")) -> None:
        name = stem(self._plain(node.inputs.get("lora_name"), "LoRA"))
        weight, clip = (self._value(node.inputs.get(key, 1.0), MAX_DEPTH) for key in strengths)
        if weight is None or clip is None:
            self.leftovers.append(f"weight of the LoRA {name}")
        elif name:
            own = number(clip) if strengths[1] in node.inputs else None
            self.loras.append(NamedLora(name, number(weight), own))

    def _clip(self, link: Any) -> None:
        for node in self._chain(link, "clip"):
            if node.kind == "CLIPSetLastLayer":
                layer = self._plain(node.inputs.get("stop_at_clip_layer", -1), "Clip skip")
                self.fields.setdefault("Clip skip", layer.removeprefix("-"))
            elif node.kind not in nodes.CHECKPOINTS and node.kind not in nodes.LORAS and node.kind not in nodes.QUIET:
                self.leftovers.append(node.kind)

    def _chain(self, link: Any, name: str) -> Iterator[Node]:
        """The nodes that a model or text encoder passes through, the last one first."""
        for _ in range(MAX_DEPTH):
            node = self._node(link)
            if node is None:
                return
            self.visited.add(node.id)
            yield node
            link = node.inputs.get(name)

    def _latent(self, link: Any) -> None:
        node = self._node(link)
        if node is None or node.kind not in nodes.EMPTY_LATENTS:
            return  # the node stays unvisited, and so is told
        self.visited.add(node.id)
        for key, name in zip(nodes.EMPTY_LATENTS[node.kind], ("Size-1", "Size-2"), strict=True):
            self.fields[name] = self._plain(node.inputs.get(key), "size") or self.fields[name]
        if str(node.inputs.get("batch_size", 1)) != "1":
            self.leftovers.append("batch_size")

    def _vae(self) -> None:
        decoders = [node for node in self.graph.values() if node.kind in nodes.DECODERS]
        loader = self._node(decoders[0].inputs.get("vae")) if decoders else None
        if loader and loader.kind == "VAELoader":
            self.visited.add(loader.id)
            self.fields["VAE"] = stem(self._plain(loader.inputs.get("vae_name"), "VAE"))
        elif loader and loader.kind not in nodes.CHECKPOINTS:
            self.leftovers.append(f"VAE from {loader.kind}")


def _listed_loras(node: Node) -> Iterator[NamedLora]:
    for row in node.inputs.values():
        if isinstance(row, dict) and row.get("on") and isinstance(row.get("lora"), str):
            clip = row.get("strengthTwo")
            yield NamedLora(stem(row["lora"]), number(row.get("strength")), None if clip is None else number(clip))
