import asyncio
import base64
import os
import sys
from pathlib import Path

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

URL = f"{os.environ['TEMPERA_URL']}/mcp"
HEADERS = {"Authorization": f"Bearer {os.environ['TEMPERA_TOKEN']}"}


async def show(progress: float, total: float | None, message: str | None) -> None:
    print(message)


async def main() -> str | None:
    async with (
        httpx2.AsyncClient(headers=HEADERS, timeout=300) as http,
        Client(streamable_http_client(URL, http_client=http)) as tempera,
    ):
        recipe = {"prompt": "a red apple", "steps": 8, "seed": 7, "count": 2, "wait": 240}
        answer = await tempera.call_tool("make_picture", recipe, progress_callback=show)
        if answer.is_error:
            return answer.content[0].text
        for job in answer.structured_content["jobs"]:
            if job["state"] != "done":
                return f"Job {job['code']} is {job['state']}."
            # The answer holds small pictures for the model to look at; the file has the recipe inside.
            (file,) = (await tempera.read_resource(f"tempera://images/{job['image']}")).contents
            Path(f"apple-{job['seed']}.png").write_bytes(base64.b64decode(file.blob))
        return None


sys.exit(asyncio.run(main()))
