"""One diffusers pipeline in memory: loaded from verified local files, run with a check between steps.

Only safetensors, only local files, no remote code, and only after every file was compared with the manifest. One generator per
picture, on the CPU, so that the seed means the same on every device.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers import DiffusionPipeline

from inference.engine.protocol import Draw, Drawn
from inference.errors import EngineStopped, ModelChanged
from inference.models.manifest import scan

THREADS = 2


class LoadedPipeline:
    """A pipeline and the digest of the files from which it was loaded."""

    def __init__(self, directory: Path, digest: bytes, device: str) -> None:
        if scan(directory).digest != digest:
            raise ModelChanged(str(directory), "its files are not those of the model that was asked for")
        self.digest = digest
        self._pipeline: Any = DiffusionPipeline.from_pretrained(
            str(directory), local_files_only=True, use_safetensors=True, trust_remote_code=False, low_cpu_mem_usage=False
        )
        self._pipeline.to(device)
        self._pipeline.set_progress_bar_config(disable=True)

    def draw(self, request: Draw, on_step: Callable[[int], None], should_stop: Callable[[], bool]) -> Drawn:
        """Runs the pipeline.

        Raises:
            EngineStopped: `should_stop` said so between two steps; nothing was decoded.
        """
        began = time.monotonic()

        def after_step(_pipeline: Any, index: int, _timestep: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
            on_step(index + 1)
            # Raising leaves the loop at once; the pipeline's own interrupt flag would still decode.
            if should_stop():
                raise EngineStopped(index + 1, _elapsed_ms(began))
            return kwargs

        with torch.inference_mode():
            output = self._pipeline(
                prompt=request.prompt,
                negative_prompt=request.negative_prompt or None,
                width=request.width_px,
                height=request.height_px,
                num_inference_steps=request.steps,
                generator=torch.Generator("cpu").manual_seed(request.seed),
                output_type="np",
                callback_on_step_end=after_step,
            )
        pixels = (output.images[0] * 255).round().astype("uint8")
        height, width, _ = pixels.shape
        return Drawn(pixels.tobytes(), width, height, request.steps, _elapsed_ms(began))


def _elapsed_ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
