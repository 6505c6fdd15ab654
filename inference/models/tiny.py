"""A tiny diffusers pipeline with fixed-seed random weights, so that a platform can draw before anyone brings a model.

It is real in every part but what it knows: its pictures are coloured noise that changes with prompt and seed. Nothing is
downloaded; two
builds give the same bytes.
"""

import json
from pathlib import Path

from inference.models.manifest import Manifest, scan

_SEED = 20_261_124
_VOCABULARY = ["<|startoftext|>", "<|endoftext|>", *[chr(point) for point in range(33, 127)]]
_TOKENS = 77


def build_tiny(directory: Path) -> Manifest:
    """Writes the pipeline below `directory` and returns its manifest."""
    import torch  # noqa: PLC0415  heavy, and only this function needs it
    from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel  # noqa: PLC0415
    from transformers import CLIPTextConfig, CLIPTextModel  # noqa: PLC0415

    directory.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(_SEED)
    unet = UNet2DConditionModel(
        sample_size=16,
        in_channels=4,
        out_channels=4,
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=32,
        attention_head_dim=8,
        norm_num_groups=8,
    )
    vae = AutoencoderKL(
        block_out_channels=(16, 16, 16, 32),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        norm_num_groups=8,
        sample_size=128,
    )
    text_encoder = CLIPTextModel(
        CLIPTextConfig(
            hidden_size=32,
            intermediate_size=64,
            num_attention_heads=4,
            num_hidden_layers=2,
            vocab_size=2 * len(_VOCABULARY),
            max_position_embeddings=_TOKENS,
            bos_token_id=0,
            eos_token_id=1,
            pad_token_id=1,
        )
    )
    scheduler = DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, steps_offset=1
    )
    pipeline = StableDiffusionPipeline(
        vae=vae,
        text_encoder=text_encoder,
        tokenizer=_tokenizer(directory),
        unet=unet,
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(directory, safe_serialization=True)
    return scan(directory)


def _tokenizer(directory: Path) -> object:
    from transformers import CLIPTokenizer  # noqa: PLC0415  heavy, and only here

    folder = directory / "tokenizer"
    folder.mkdir(parents=True, exist_ok=True)
    words = _VOCABULARY + [f"{word}</w>" for word in _VOCABULARY]
    (folder / "vocab.json").write_text(json.dumps({word: index for index, word in enumerate(words)}), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    return CLIPTokenizer(vocab=str(folder / "vocab.json"), merges=str(folder / "merges.txt"), model_max_length=_TOKENS)
