"""The variables of each embedded process, made from nothing: addresses from `run.json`, secrets by path."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.setup.settings_files import process_settings
from infra.setup.targets import Target, embedded_target

KEY_LIFE_S = "5"


def child_environment(target: Target, data: Path, process: str, api_port: int) -> Mapping[str, str]:
    """What `serve <process>` gets, and nothing of the supervisor's own environment."""
    settings = dict(process_settings(target, process))
    settings |= {
        "PATH": os.defpath,
        "HOME": str(data),
        "LC_ALL": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "INTAGLIO_KEY_LIFE_S": KEY_LIFE_S,
        "INTAGLIO_PORT": str(api_port),
        "INTAGLIO_MODEL_CACHE": str(data / "model-cache"),
    }
    return settings


def process_environment(data: str, process: str) -> Mapping[str, str]:
    """The variables of one process of a running embedded platform, for verbs that act in its place."""
    run: Mapping[str, Any] = json.loads((Path(data) / "run.json").read_text(encoding="utf-8"))
    return process_settings(embedded_target(Path(data), run), process)


def serve_argv(process: str) -> tuple[str, ...]:
    """How a process is started."""
    return (sys.executable, "-m", "infra.cli", "serve", process)
