"""The MCP server as an ASGI application: the SDK speaks the protocol, tools do the work, each call in a thread.

Who may come is asked before, of `door`; no session is kept, so that any web process serves any request.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import structlog
from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from rest_framework.response import Response

from generation.api.mcp.catalog import InspectPrompt, ListCheckpoints, ListControlNets, ListLoras, ListStyles
from generation.api.mcp.following import ENDED, Rows, follow
from generation.api.mcp.pictures import URI, Jobs, LookAtJobs, MakePicture, MyPictures, Picture
from generation.api.mcp.tool import Tool, ask
from generation.messages.threads import in_thread
from generation.storage.downloads import CONTENT_TYPES

logger = structlog.get_logger(__name__)

TOOLS: tuple[type[Tool], ...] = (
    *(MakePicture, LookAtJobs, MyPictures),
    *(InspectPrompt, ListCheckpoints, ListLoras, ListControlNets, ListStyles),
)
THREADS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="mcp")
LARGEST_BODY = 2**20
WAITING_A_TOKEN = 10
"""Calls of one token that may wait at once; one more is answered at once, with how its jobs stand."""
SHOWN_AS = "jpeg"
"""A model looks at this; the whole file, with its recipe inside, is the resource."""
LISTED = 20
INSTRUCTIONS = (
    "Makes pictures from text with Stable Diffusion, for the person whose token is used: their credits, their plan, "
    "their pictures. Call make_picture with a prompt. list_checkpoints, list_loras, list_controlnets and list_styles "
    "tell what there is to draw with. Pictures are private until publish sends one to the public gallery, where a "
    "moderator looks at it first."
)
BROKEN = "Something broke on this site. It has been written down; try again later."

Context = ServerRequestContext[Any, Any]


class Refused(Exception):
    """A tool said no: `words` are its code and sentence."""

    def __init__(self, answer: Response) -> None:
        body = answer.data if isinstance(answer.data, Mapping) else {}
        self.words = f"{body.get('code', answer.status_code)}: {body.get('detail', 'This was refused.')}"
        super().__init__(self.words)


class ToolServer:
    """Made once a process; what the SDK runs belongs to the event loop of the first request."""

    def __init__(self, site_name: str, tools: Sequence[type[Tool]]) -> None:
        self.tools = {tool.name: tool for tool in tools}
        self.sdk: Server[Any] = Server(
            "tempera",
            version="1",
            title=site_name,
            instructions=INSTRUCTIONS,
            get_tool_input_schema=self.schema_of,
            on_list_tools=self.list_tools,
            on_call_tool=self.call_tool,
            on_list_resources=self.list_resources,
            on_list_resource_templates=self.list_resource_templates,
            on_read_resource=self.read_resource,
        )
        self._waiting: Counter[bytes] = Counter()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        manager = await self._running()
        await manager.handle_request(scope, receive, send)

    async def _running(self) -> StreamableHTTPSessionManager:
        """The SDK's part, begun by the first request: the web server tells no application that it starts."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._ready = loop, asyncio.Event()
            self._manager = StreamableHTTPSessionManager(self.sdk, stateless=True, max_request_body_size=LARGEST_BODY)
            self._task = loop.create_task(self._run(self._manager, self._ready))
        await self._ready.wait()
        return self._manager

    async def _run(self, manager: StreamableHTTPSessionManager, ready: asyncio.Event) -> None:
        """One task from beginning to end, as the SDK wants it; it ends with the process."""
        async with manager.run():
            ready.set()
            await asyncio.Event().wait()

    def schema_of(self, name: str) -> Mapping[str, Any] | None:
        tool = self.tools.get(name)
        return tool.schema_of_input() if tool else None

    async def list_tools(self, context: Context, params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[description_of(tool) for tool in self.tools.values()])

    async def call_tool(self, context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        tool = self.tools.get(params.name)
        if tool is None:
            raise MCPError(types.INVALID_PARAMS, f"There is no tool “{params.name}”.")
        # Many clients send null for what their model has left out.
        given = {name: value for name, value in (params.arguments or {}).items() if value is not None}
        try:
            data = await asked(context, tool, given)
            shown = await self.followed(context, tool, data, given) if tool.shows_pictures else []
        except Refused as refused:
            return types.CallToolResult(content=[types.TextContent(text=refused.words)], is_error=True)
        except Exception:
            logger.exception("tool_broke", tool=tool.name)
            return types.CallToolResult(content=[types.TextContent(text=BROKEN)], is_error=True)
        words = types.TextContent(text=json.dumps(data, ensure_ascii=False))
        return types.CallToolResult(content=[words, *shown], structured_content=data)

    async def followed(
        self, context: Context, tool: type[Tool], data: dict[str, Any], given: Mapping[str, Any]
    ) -> list[types.ContentBlock]:
        """Wait for the jobs of the answer as long as is asked for, and put them into it as they stand then."""
        codes = [job["code"] for job in data["jobs"]]
        seconds = given.get("wait", tool.schema_of_input()["properties"]["wait"]["default"])

        async def look() -> Rows:
            # Asked as the tool was, each time: a token that is taken back meanwhile hears no more.
            rows: Rows = (await asked(context, Jobs, {"codes": codes}, scope=tool.scope))["jobs"]
            return rows

        if not all(job["state"] in ENDED for job in data["jobs"]):
            with self.place_to_wait(context) as has_one:
                data["jobs"] = await follow(look, context.session.report_progress, seconds if has_one else 0)
        images = [job["image"] for job in data["jobs"] if job["image"]]
        return [block for code in images for block in await self.picture(context, tool, code)]

    @contextmanager
    def place_to_wait(self, context: Context) -> Iterator[bool]:
        """Whether the token has one: each call that waits asks the database twice a second."""
        assert context.request is not None
        token = dict(context.request.scope["headers"]).get(b"authorization", b"")
        self._waiting[token] += 1
        try:
            yield self._waiting[token] <= WAITING_A_TOKEN
        finally:
            self._waiting[token] -= 1
            if not self._waiting[token]:
                del self._waiting[token]

    async def picture(self, context: Context, tool: type[Tool], code: str) -> list[types.ContentBlock]:
        """The picture to be looked at, and where its whole file is."""
        found = await asked(context, Picture, {"code": code, "format": SHOWN_AS}, scope=tool.scope)
        link = types.ResourceLink(
            name=f"{code}.png", uri=f"{URI}{code}", mime_type=CONTENT_TYPES["png"], size=found["size"]
        )
        return [types.ImageContent(data=found["data"], mime_type=found["mime_type"]), link]

    async def list_resources(self, context: Context, params: Any) -> types.ListResourcesResult:
        """The newest pictures; my_pictures finds the others."""
        try:
            rows = (await asked(context, MyPictures, {"count": LISTED}))["pictures"]
        except Refused as refused:
            raise MCPError(types.INVALID_PARAMS, refused.words) from refused
        resources = [
            types.Resource(
                name=f"{row['code']}.png", title=row["prompt"][:80], uri=row["uri"], mime_type=CONTENT_TYPES["png"]
            )
            for row in rows
        ]
        return types.ListResourcesResult(resources=resources)

    async def list_resource_templates(self, context: Context, params: Any) -> types.ListResourceTemplatesResult:
        template = types.ResourceTemplate(
            name="picture",
            title="A picture of yours",
            uri_template=f"{URI}{{code}}",
            description="The PNG file of one of your pictures, with its recipe inside.",
            mime_type=CONTENT_TYPES["png"],
        )
        return types.ListResourceTemplatesResult(resource_templates=[template])

    async def read_resource(
        self, context: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        code = params.uri.removeprefix(URI)
        if not params.uri.startswith(URI):
            raise MCPError(types.INVALID_PARAMS, f"Resources here begin with {URI}.")
        try:
            found = await asked(context, Picture, {"code": code, "format": "png"})
        except Refused as refused:
            raise MCPError(types.INVALID_PARAMS, refused.words) from refused
        contents = types.BlobResourceContents(uri=params.uri, mime_type=found["mime_type"], blob=found["data"])
        return types.ReadResourceResult(contents=[contents])


async def asked(context: Context, tool: type[Tool], arguments: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """What the tool answers to whoever sent the request. Raises Refused."""
    assert context.request is not None
    answer = await in_thread(partial(ask, tool, context.request.scope, arguments, **changes), pool=THREADS)
    if answer.status_code >= 400:
        raise Refused(answer)
    return dict(answer.data)


def description_of(tool: type[Tool]) -> types.Tool:
    hints = types.ToolAnnotations(
        title=tool.title,
        read_only_hint=tool.scope == "read",
        destructive_hint=False,
        idempotent_hint=tool.scope == "read",
        open_world_hint=False,
    )
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.schema_of_input(),
        annotations=hints,
    )
