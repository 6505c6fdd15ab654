"""`POST /v1/images/generations` as the OpenAI SDK sends it: waits until all pictures of the batch are there.

`n` pictures are `n` generations of one batch; picture i is drawn with seed + i. Fields that this platform does not know are
ignored where
they change nothing, and refused where they would.
"""

import asyncio
import base64
import time
from typing import Annotated, Any

import msgspec
from litestar import Request, post
from litestar.params import Parameter

from api.disclosure import Disclosure
from api.lookups import Found, find_generation
from api.native.generations import OVER
from api.parts import ApiParts
from api.principal import CLIENT
from api.problems import Invalid, ServiceAway
from api.submission import DEFAULT_SIZE, Wanted, submit
from events.identifiers import GenerationId

_POLL_S = 0.05


class NewImages(msgspec.Struct):
    """The fields that are understood; others that OpenAI knows are ignored."""

    prompt: str
    model: str | None = None
    n: int | None = None
    size: str | None = None
    user: str | None = None
    safety_identifier: str | None = None
    response_format: str | None = None
    output_format: str | None = None
    stream: bool | None = None
    seed: int | None = None
    steps: int | None = None
    negative_prompt: str | None = None


@post("/v1/images/generations", status_code=200, opt={"roles": (CLIENT,)})
async def generate_images(
    request: Request[Any, Any, Any],
    data: NewImages,
    idempotency_key: Annotated[str | None, Parameter(header="Idempotency-Key", required=False, max_length=255)] = None,
) -> dict[str, Any]:
    """Draws and answers with the pictures in base64."""
    _check(data)
    parts: ApiParts = request.app.state.parts
    size = DEFAULT_SIZE if data.size in {None, "auto"} else data.size
    wanted = Wanted(
        data.prompt, data.model, size, data.steps, data.seed, data.safety_identifier or data.user,
        data.negative_prompt or "", 1 if data.n is None else data.n,
    )  # fmt: skip
    submitted = await submit(parts, request.user, wanted, idempotency_key)
    found = await asyncio.gather(*(_until_over(request, item) for item in submitted.generations))
    disclosure: Disclosure = request.app.state.disclosure
    files = [await disclosure.media(request.user, item.view, None) for item in found]
    return {
        "created": int(time.time()),
        "data": [{"b64_json": base64.b64encode(file).decode()} for file in files],
        "output_format": "png",
        "size": size,
        "generations": [str(item) for item in submitted.generations],
    }


def _check(data: NewImages) -> None:
    if data.response_format == "url":
        raise Invalid("response_format url is not offered: a link would leave the platform; use b64_json", "response_format")
    if data.output_format not in {None, "png"}:
        raise Invalid("output_format has to be png for now", "output_format")
    if data.stream:
        raise Invalid("stream is not available yet", "stream")


async def _until_over(request: Request[Any, Any, Any], generation: GenerationId) -> Found:
    parts: ApiParts = request.app.state.parts
    deadline = asyncio.get_running_loop().time() + parts.limits.picture_timeout_s
    while True:
        found = await find_generation(parts, request.user, str(generation))
        if found.view.status in OVER:
            return found
        if asyncio.get_running_loop().time() > deadline:
            raise ServiceAway(f"generation {generation} is still {found.view.status}; ask for it later by its id")
        await asyncio.sleep(_POLL_S)
