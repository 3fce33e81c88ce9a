import os
import uuid
from pathlib import Path

import httpx

headers = {"Authorization": f"Bearer {os.environ['TEMPERA_TOKEN']}"}

with httpx.Client(base_url=os.environ["TEMPERA_URL"], headers=headers, timeout=60) as tempera:
    # Sent again with the same key, the request makes and costs nothing more.
    once = {"Idempotency-Key": str(uuid.uuid4())}
    recipe = {"prompt": "a red apple", "steps": 8, "seed": 7, "count": 2}
    answer = tempera.post("/api/v1/jobs", json=recipe, headers=once)
    if answer.is_error:
        raise SystemExit(answer.json()["detail"])

    for job in answer.json()["jobs"]:
        while job["state"] in ("queued", "running"):
            job = tempera.get(f"/api/v1/jobs/{job['code']}", params={"wait": 30}).raise_for_status().json()
        if job["state"] != "done":
            raise SystemExit(job["error_message"])
        picture = tempera.get(f"{job['image']}/file/png").raise_for_status()
        Path(f"apple-{job['recipe']['seed']}.png").write_bytes(picture.content)
