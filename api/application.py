"""The HTTP application, as a pure function of its parts."""

import logging
from uuid import uuid4

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.middleware import DefineMiddleware
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from api import health, registry
from api.disclosure import Disclosure
from api.native import administration, erasures, events, generations, later, models
from api.openai import images
from api.parts import ApiParts
from api.principal import ANYONE, Authentication, require_role
from api.problems import answer

logging.getLogger("litestar").setLevel(logging.ERROR)

ROUTES = (
    generations.submit_generation, generations.list_generations, generations.show_generation, generations.content,
    generations.prompt, generations.cancel, events.read_events, erasures.grounds, erasures.plan_erasure,
    erasures.request_erasure, erasures.approve, erasures.refuse, erasures.list_erasures, erasures.show_erasure,
    erasures.certificate, administration.register_subject, administration.issue_credential,
    administration.revoke_credential, administration.list_credentials, administration.list_tenants,
    administration.list_projections, models.put_file, models.register_model, models.list_models, models.show_model,
    images.generate_images, later.not_available_yet, registry.schema_by_id, registry.subjects, registry.versions,
    registry.version, health.live, health.ready,
)  # fmt: skip


def request_ids(app: ASGIApp) -> ASGIApp:
    """Gives every request an id and every answer the header that names it."""

    async def with_id(scope: Scope, receive: Receive, send: Send) -> None:
        identifier = str(uuid4())
        scope["request_id"] = identifier  # type: ignore[typeddict-unknown-key]

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [item for item in message["headers"] if item[0] != b"x-request-id"]
                message["headers"] = [*headers, (b"x-request-id", identifier.encode())]
            await send(message)

        await app(scope, receive, send_with_id)

    return with_id


def build_application(parts: ApiParts) -> Litestar:
    """Every route, behind the guard whose default is refusal."""
    return Litestar(
        route_handlers=list(ROUTES),
        middleware=[request_ids, DefineMiddleware(Authentication)],
        guards=[require_role],
        exception_handlers={Exception: answer},
        state=State({"parts": parts, "disclosure": Disclosure(parts)}),
        request_max_body_size=parts.limits.body_size_bytes,
        openapi_config=OpenAPIConfig(
            title="Intaglio",
            version="1",
            path="/schema",
            render_plugins=[JsonRenderPlugin()],
            use_handler_docstrings=True,
            openapi_router=Router("/schema", route_handlers=[], opt={"roles": (ANYONE,)}),
        ),
        opt={"roles": ()},
        logging_config=None,
        debug=False,
    )
