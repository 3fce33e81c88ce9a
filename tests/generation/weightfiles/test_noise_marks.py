"""What checkpoints say of their noise: read and handed on, or refused; never passed over."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from generation.weightfiles.classify import classify, read_weightfile
from generation.weightfiles.noise_marks import NoiseMarks, check_scheduler_config, read_noise_marks
from generation.weightfiles.safetensors_header import WeightFileRefused, read_header
from tests.ldm_layout import tiny_single_file
from tests.tiny_weights import tiny_checkpoint

VELOCITY = NoiseMarks("v_prediction")


@pytest.mark.parametrize(
    ("keys", "metadata", "expected"),
    [
        ([], {}, NoiseMarks()),
        (["v_pred"], {}, VELOCITY),
        (["v_pred", "ztsnr"], {}, NoiseMarks("v_prediction", True)),
        (["ztsnr"], {}, NoiseMarks("", True)),
        ([], {"modelspec.prediction_type": "V"}, VELOCITY),
        ([], {"modelspec.prediction_type": "epsilon"}, NoiseMarks("epsilon")),
        ([], {"modelspec.predict_key": "v"}, VELOCITY),
        ([], {"ss_v_parameterization": "True", "ss_zero_terminal_snr": "True"}, NoiseMarks("v_prediction", True)),
        ([], {"ss_v_parameterization": "False"}, NoiseMarks()),
        (["v_pred"], {"modelspec.prediction_type": "v"}, VELOCITY),
    ],
)
def test_marks_are_read(keys: list[str], metadata: dict[str, str], expected: NoiseMarks) -> None:
    assert read_noise_marks(keys, metadata) == expected


@pytest.mark.parametrize(
    ("keys", "metadata", "code"),
    [
        (["edm_vpred.sigma_max"], {}, "unsupported-noise"),
        (["edm_mean", "edm_std"], {}, "unsupported-noise"),
        ([], {"modelspec.prediction_type": "rectified_flow"}, "unsupported-prediction"),
        (["v_pred"], {"modelspec.prediction_type": "epsilon"}, "contradicting-marks"),
    ],
)
def test_what_cannot_be_drawn_with_is_refused(keys: list[str], metadata: dict[str, str], code: str) -> None:
    with pytest.raises(WeightFileRefused) as refused:
        read_noise_marks(keys, metadata)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"_class_name": "EDMEulerScheduler"}, "unsupported-noise"),
        ({"_class_name": "FlowMatchEulerDiscreteScheduler"}, "unsupported-noise"),
        ({"timestep_type": "continuous"}, "unsupported-noise"),
        ({"use_flow_sigmas": True}, "unsupported-noise"),
        ({"beta_schedule": "sigmoid"}, "unsupported-noise"),
        ({"prediction_type": "sample"}, "unsupported-prediction"),
        ({"prediction_type": "flow_prediction"}, "unsupported-prediction"),
    ],
)
def test_a_folder_with_such_noise_is_not_imported(config: dict[str, Any], code: str, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_checkpoint("sd1"), tmp_path / "it"))
    place = folder / "scheduler" / "scheduler_config.json"
    place.write_text(json.dumps(json.loads(place.read_text()) | config))
    with pytest.raises(WeightFileRefused) as refused:
        read_weightfile(folder)
    assert refused.value.code == code


def test_usual_folders_are_taken() -> None:
    for config in ({}, {"prediction_type": "v_prediction", "rescale_betas_zero_snr": True}, {"trained_betas": [0.1]}):
        check_scheduler_config(config)


def test_a_file_with_such_noise_is_not_imported(tmp_path: Path) -> None:
    path = tmp_path / "it.safetensors"
    save_file(load_file(tiny_single_file("sdxl")) | {"edm_vpred.sigma_max": torch.tensor(120.0)}, path)
    with pytest.raises(WeightFileRefused, match="EDM"):
        classify(path)
    save_file(load_file(tiny_single_file("sdxl")) | {"v_pred": torch.tensor([])}, path)
    header = read_header(path)
    assert read_noise_marks(header.tensors, header.metadata) == VELOCITY
