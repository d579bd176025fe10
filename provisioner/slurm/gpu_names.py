"""What GPUs are called: their device files, and their type in `--gpus=a100:2`, from the name of the model. Pure."""

from __future__ import annotations

import re

GPU_FILE = r"/dev/(nvidia[0-9]{1,3}|dri/renderD[0-9]{1,3})"
# Slurm takes `--gpus=4` for a number and `4k` for a larger one, so a type begins with a letter.
GPU_TYPE = r"[a-z][a-z0-9_.-]{0,62}"

# Who made it and for whom, in front of the name of the model.
_MAKERS = {"nvidia", "amd", "ati", "advanced", "micro", "devices", "geforce", "quadro", "tesla", "radeon", "instinct"}


def gpu_type(model: str, vendor: str, device: str) -> str:
    """The type of a GPU: `NVIDIA A100-SXM4-40GB` -> `a100-sxm4-40gb`, `NVIDIA GeForce RTX 3090` -> `rtx_3090`.

    Args:
        model: as the driver names it; whatever a node says, the answer is a type.
        vendor: `nvidia` or `amd`.
        device: its id by PCI, of which the type is made where the driver names no model: `amd_740c`.
    """
    # AMD's names go on with boards, `INSTINCT MI250 (MCM) OAM AC MBA`, or with a sibling, `MI250X / MI250`.
    words = re.sub(r"[^a-z0-9_.-]+", " ", re.split(r"[(/,\[]", model.lower()[:100])[0]).split()
    while words and words[0] in _MAKERS:
        words.pop(0)
    name = "_".join(words)[:63].rstrip("_.-")
    known = name if re.fullmatch(GPU_TYPE, name) else f"{vendor}_{name}"[:63].rstrip("_.-")
    return known if name and re.fullmatch(GPU_TYPE, known) else f"{vendor}_{device}"


def slurm_name(model: str) -> str:
    """What slurmd calls the model when it looks for GPUs by itself."""
    return model.lower().replace(" ", "_")
