"""What a checkpoint says of the noise it was taught with: what it predicts, and whether its last step is all noise.

Such marks are read in one place for the catalog and the loader, so that none is taken for a plain checkpoint. What
Tempera cannot draw with is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from generation.weightfiles.safetensors_header import WeightFileRefused

PREDICTIONS = {"epsilon": "epsilon", "eps": "epsilon", "v": "v_prediction", "v_prediction": "v_prediction"}
# Stability's model specification, what ComfyUI saves, and what kohya's trainers write.
_WORDS = ("modelspec.prediction_type", "modelspec.predict_key")
_FLAGS = {"ss_v_parameterization": "v_prediction"}
_ZERO_SNR = "ss_zero_terminal_snr"
_VELOCITY_MARK, _ZERO_SNR_MARK = "v_pred", "ztsnr"
_CONTINUOUS_MARKS = ("edm_vpred.sigma_max", "edm_vpred.sigma_min", "edm_mean", "edm_std")

BETA_SCHEDULES = {"linear", "scaled_linear", "squaredcos_cap_v2"}


@dataclass(frozen=True, slots=True)
class NoiseMarks:
    """`prediction` is epsilon, v_prediction, or empty where the file does not say it."""

    prediction: str = ""
    zero_terminal_snr: bool = False


def read_noise_marks(keys: Collection[str], metadata: Mapping[str, str]) -> NoiseMarks:
    """The marks of a checkpoint in one file. Raises WeightFileRefused for noise that Tempera does not draw with."""
    if any(mark in keys for mark in _CONTINUOUS_MARKS):
        raise WeightFileRefused(
            "unsupported-noise",
            "The checkpoint was taught with EDM's continuous noise, which Tempera does not draw with.",
        )
    told = {name: metadata[name].strip().casefold() for name in _WORDS if metadata.get(name, "").strip()}
    for word in told.values():
        _check_prediction(word)
    predictions = {PREDICTIONS[word] for word in told.values()}
    predictions |= {prediction for flag, prediction in _FLAGS.items() if _is_true(metadata.get(flag, ""))}
    if _VELOCITY_MARK in keys:
        predictions.add("v_prediction")
    if len(predictions) > 1:
        raise WeightFileRefused(
            "contradicting-marks", "The checkpoint says both that it predicts noise and that it predicts velocity."
        )
    zero_snr = _ZERO_SNR_MARK in keys or _is_true(metadata.get(_ZERO_SNR, ""))
    return NoiseMarks(next(iter(predictions), ""), zero_snr)


def check_scheduler_config(config: Mapping[str, Any]) -> None:
    """Raise WeightFileRefused where a folder's scheduler_config.json asks for noise that Tempera does not draw with."""
    name = str(config.get("_class_name", ""))
    continuous = name.startswith("EDM") or config.get("timestep_type", "discrete") != "discrete"
    flowing = name.startswith("FlowMatch") or config.get("use_flow_sigmas")
    if continuous or flowing:
        kind = "flow matching" if flowing else "EDM's continuous noise"
        raise WeightFileRefused(
            "unsupported-noise", f"The checkpoint was taught with {kind}, which Tempera does not draw with."
        )
    _check_prediction(str(config.get("prediction_type", "epsilon")))
    spread = config.get("beta_schedule", "linear")
    if config.get("trained_betas") is None and spread not in BETA_SCHEDULES:
        raise WeightFileRefused("unsupported-noise", f"The checkpoint's noise has a schedule “{spread}”, unknown here.")


def _check_prediction(word: str) -> None:
    if word not in PREDICTIONS:
        raise WeightFileRefused(
            "unsupported-prediction",
            f"The checkpoint says that it predicts “{word[:40]}”; Tempera draws with noise (epsilon) and velocity (v).",
        )


def _is_true(text: str) -> bool:
    return text.strip().casefold() in ("true", "1")
