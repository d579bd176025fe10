from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.slurm.gpu_names import GPU_TYPE, gpu_type, slurm_name

MODELS = {
    "NVIDIA A100-SXM4-40GB": "a100-sxm4-40gb",
    "NVIDIA A100 80GB PCIe": "a100_80gb_pcie",
    "NVIDIA H100 80GB HBM3": "h100_80gb_hbm3",
    "NVIDIA L40S": "l40s",
    "Tesla T4": "t4",
    "Tesla V100-SXM2-32GB": "v100-sxm2-32gb",
    "NVIDIA GeForce RTX 3090": "rtx_3090",
    "Quadro RTX 5000": "rtx_5000",
    "NVIDIA GeForce 840M": "nvidia_840m",
}


@pytest.mark.parametrize(("model", "kind"), MODELS.items())
def test_types_of_nvidia(model: str, kind: str) -> None:
    assert gpu_type(model, "nvidia", "20b0") == kind


@pytest.mark.parametrize("model", [model for model in MODELS if "840M" not in model])
def test_slurmd_finds_the_type_in_its_own_name(model: str) -> None:
    """AutoDetect refuses what it does not."""
    assert gpu_type(model, "nvidia", "20b0") in slurm_name(model)


def test_types_of_amd() -> None:
    assert gpu_type("AMD Instinct MI210", "amd", "740f") == "mi210"
    assert gpu_type("AMD INSTINCT MI250 (MCM) OAM AC MBA", "amd", "740c") == "mi250"
    assert gpu_type("AMD Instinct MI250X / MI250", "amd", "7408") == "mi250x"
    assert gpu_type("AMD Radeon RX 7900 XTX", "amd", "744c") == "rx_7900_xtx"
    assert gpu_type("", "amd", "740c") == "amd_740c"


@given(st.text(max_size=200), st.sampled_from(["nvidia", "amd"]))
def test_whatever_a_node_says_it_is_a_type(model: str, vendor: str) -> None:
    assert re.fullmatch(GPU_TYPE, gpu_type(model, vendor, "20b0"))


@pytest.mark.parametrize(
    "word", ["4", "4k", "3090", "a100:2", "a 100", "a100,mps:5", "A100", "", "a=b", "a\nb", "x" * 64]
)
def test_what_slurm_would_read_otherwise_is_no_type(word: str) -> None:
    assert not re.fullmatch(GPU_TYPE, word)
