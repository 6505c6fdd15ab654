"""What a picture's bits depend on besides model, seed and prompt: hardware and libraries, as one line of text."""

import platform


def environment_fingerprint(device: str) -> str:
    """For example `cpu x86_64 AVX512 | torch 2.15.0 diffusers 0.39.0 transformers 5.17.0 | float32 threads=2`."""
    import diffusers  # noqa: PLC0415  heavy; loaded in the engine's process only
    import torch  # noqa: PLC0415
    import transformers  # noqa: PLC0415

    from inference.engine.pipeline import THREADS  # noqa: PLC0415

    torch.set_num_threads(THREADS)
    is_cuda = device.startswith("cuda")
    hardware = (
        f"{torch.cuda.get_device_name(device)} cuda {torch.version.cuda}"
        if is_cuda
        else f"cpu {platform.machine()} {torch.backends.cpu.get_cpu_capability()}"
    )
    libraries = f"torch {torch.__version__} diffusers {diffusers.__version__} transformers {transformers.__version__}"
    return f"{hardware} | {libraries} | float32 threads={THREADS}"
