"""The engine's process: reads requests from standard input, draws, and answers on standard output.

Reads for a `Stop` beside the drawing, in a thread of its own. Says nothing else anywhere: errors leave as codes, because the
text of an
error could quote a prompt.
"""

import os
import queue
import resource
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from inference.engine.protocol import Draw, Failed, Ready, Step, Stop, Stopped, ToParent, frame, read_frame, to_child
from inference.errors import EngineStopped

if TYPE_CHECKING:
    from inference.engine.pipeline import LoadedPipeline


class EngineProcess:
    """Serves one parent until its pipe closes."""

    def __init__(self, requests: BinaryIO, answers: BinaryIO, device: str) -> None:
        self._requests, self._answers, self._device = requests, answers, device
        self._stop = threading.Event()
        self._waiting: queue.SimpleQueue[Draw | None] = queue.SimpleQueue()
        self._loaded: object | None = None

    def serve(self) -> None:
        """Runs until the parent closes the pipe."""
        from inference.engine.fingerprint import environment_fingerprint  # noqa: PLC0415  after the limits are set

        threading.Thread(target=self._listen, daemon=True).start()
        self._answer(Ready(environment_fingerprint(self._device)))
        while (request := self._waiting.get()) is not None:
            self._stop.clear()
            self._answer(self._draw(request))

    def _listen(self) -> None:
        while (body := read_frame(self._requests)) is not None:
            message = to_child.decode(body)
            if isinstance(message, Stop):
                self._stop.set()
            else:
                self._waiting.put(message)
        self._stop.set()
        self._waiting.put(None)

    def _draw(self, request: Draw) -> ToParent:
        try:
            pipeline = self._pipeline(request)
            return pipeline.draw(request, lambda done: self._answer(Step(done, request.steps)), self._stop.is_set)
        except EngineStopped as stopped:
            return Stopped(stopped.steps_done, stopped.device_ms)
        except Exception as error:  # noqa: BLE001  whatever a model raises ends this picture and not the process
            return Failed(type(error).__name__)

    def _pipeline(self, request: Draw) -> "LoadedPipeline":
        from inference.engine.pipeline import LoadedPipeline  # noqa: PLC0415  brings torch

        if not isinstance(self._loaded, LoadedPipeline) or self._loaded.digest != request.model_digest:
            self._loaded = None
            self._loaded = LoadedPipeline(Path(request.model_directory), request.model_digest, self._device)
        return self._loaded

    def _answer(self, message: ToParent) -> None:
        self._answers.write(frame(message))
        self._answers.flush()


def main() -> None:
    """Takes standard input and output for the protocol and turns everything else that would print into silence."""
    # A core file would be a picture of prompts and pixels on the disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    EngineProcess(sys.stdin.buffer, answers, sys.argv[1]).serve()


if __name__ == "__main__":
    main()
