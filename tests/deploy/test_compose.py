"""The compose files: Compose itself reads them, and every service of ours is locked in as far as it can be."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.sources import ROOT

DEPLOY = ROOT / "config" / "deploy"
COMPOSE = str(Path(sys.executable).parent / "docker-compose")
CADDY = str(Path(sys.executable).parent / "caddy")
OURS = {"web", "migrate", "worker", "worker-gpu", "worker-default", "beat"}
FILLED_IN = {
    "SITE_URL": "https://pictures.example.org",
    "SECRET_KEY": "q8Vn2xZr7Lk4Tw9Bc3Md6Hs1Jf5Gp0Ya-" * 2,
    "POSTGRES_PASSWORD": "a1b2",
    "VALKEY_PASSWORD": "c3d4",
    "COMPOSE_PROFILES": "cpu,gpu",
}


def composed(folder: Path, *files: str, **values: str) -> subprocess.CompletedProcess[str]:
    """What Compose makes of these files in an empty folder, with a .env as an operator fills it in."""
    here = folder / "config" / "deploy"
    here.mkdir(parents=True, exist_ok=True)
    for name in files:
        shutil.copy(DEPLOY / name, here)
    env = (DEPLOY / ".env.example").read_text(encoding="utf-8")
    for name, value in values.items():
        env = re.sub(rf"^#?{name}=.*$", f"{name}={value}", env, flags=re.MULTILINE)
    (here / ".env").write_text(env, encoding="utf-8")
    named = [part for name in files for part in ("-f", name)]
    clean = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    command = [COMPOSE, "--project-directory", str(here), *named, "config", "--format", "json"]
    return subprocess.run(command, cwd=here, env=clean, capture_output=True, text=True, timeout=60)


def services(folder: Path, *files: str, **values: str) -> dict[str, Any]:
    done = composed(folder, *files, **values)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout)["services"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return services(tmp_path_factory.mktemp("site"), "compose.yaml", **FILLED_IN)


def test_it_has_all_that_a_site_is_made_of(site: dict[str, Any]) -> None:
    assert set(site) == OURS | {"caddy", "postgres", "valkey"}


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_service_of_ours_has_no_rights(site: dict[str, Any], name: str) -> None:
    service = site[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "ports" not in service
    assert {volume["target"] for volume in service["volumes"]} == {"/data"}


def test_only_the_door_has_ports_and_stores_are_out_of_reach(site: dict[str, Any]) -> None:
    assert [name for name, service in site.items() if "ports" in service] == ["caddy"]
    for name in ("postgres", "valkey", "worker", "worker-gpu"):
        assert set(site[name]["networks"]) == {"inner"}
    assert set(site["caddy"]["networks"]) == {"outer"}


def test_everything_waits_for_the_migrations(site: dict[str, Any]) -> None:
    for name in OURS - {"migrate"}:
        assert site[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert site["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    assert site["migrate"]["restart"] == "no"


def test_drawing_has_a_device_by_profile(site: dict[str, Any]) -> None:
    assert site["worker"]["profiles"] == ["cpu"] and site["worker-gpu"]["profiles"] == ["gpu"]
    (device,) = site["worker-gpu"]["deploy"]["resources"]["reservations"]["devices"]
    assert device["driver"] == "nvidia" and device["capabilities"] == ["gpu"]
    assert site["worker"]["build"]["target"] == "worker"


def test_only_the_profile_that_is_named_starts(tmp_path: Path) -> None:
    assert "worker-gpu" not in services(tmp_path, "compose.yaml", **{**FILLED_IN, "COMPOSE_PROFILES": "cpu"})


@pytest.mark.parametrize("name", ["SITE_URL", "SECRET_KEY", "POSTGRES_PASSWORD", "VALKEY_PASSWORD"])
def test_what_is_not_filled_in_is_told(tmp_path: Path, name: str) -> None:
    done = composed(tmp_path, "compose.yaml", **{**FILLED_IN, name: ""})
    assert done.returncode != 0
    assert name in done.stderr and "set it in .env" in done.stderr


def test_the_bucket_reaches_every_service(tmp_path: Path) -> None:
    site = services(tmp_path, "compose.yaml", "compose.s3.yaml", **FILLED_IN, S3_BUCKET="pictures", S3_REGION="eu-1")
    for name in OURS:
        assert site[name]["environment"]["S3_BUCKET"] == "pictures"
        assert site[name]["environment"]["S3_REGION"] == "eu-1"
        assert "outer" in site[name]["networks"]


@pytest.mark.parametrize("media", ["", "https://media.example.net"])
def test_caddy_takes_the_caddyfile(tmp_path: Path, media: str) -> None:
    env = {"SITE_URL": FILLED_IN["SITE_URL"], "MEDIA_URL": media, "HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    command = [CADDY, "adapt", "--config", str(DEPLOY / "Caddyfile"), "--adapter", "caddyfile", "--validate"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    (server,) = json.loads(done.stdout)["apps"]["http"]["servers"].values()
    hosts = {host for route in server["routes"] for match in route["match"] for host in match["host"]}
    assert hosts == {"pictures.example.org"} | ({"media.example.net"} if media else set())
