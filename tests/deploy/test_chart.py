"""The Helm chart: Helm renders it, Kubernetes' own schemas take every object, and no pod has rights."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import helm_python
import kubernetes_validate
import pytest
import yaml
from django.conf import settings
from helm_python.chart import lint

from tests.architecture.sources import ROOT
from tests.architecture.test_told_lists import settings_read

CHART = ROOT / "config" / "deploy" / "chart"
# The oldest one that Chart.yaml takes, and the newest that there is a schema of.
VERSIONS = ("1.29", "1.37")
CUSTOM = {"ServiceMonitor", "ScaledObject"}
TWO_CLASSES = [
    {"name": name, "device": device, "replicas": 1, "maxUnavailable": 1, "settings": {}, "resources": {}}
    for name, device in (("small", "cuda"), ("cpu", "cpu"))
]
EVERYTHING = {
    "mediaUrl": "https://media.example.net",
    "settings": {"S3_BUCKET": "pictures", "SIGNUP_OPEN": False, "STOP_GRACE_SECONDS": 60},
    "data": {"existingClaim": "tempera"},
    "imagePullSecrets": [{"name": "registry"}],
    "workers": [
        {**TWO_CLASSES[0], "nodeSelector": {"gpu": "l4"}, "settings": {"GPU_SLOTS": 4}},
        {**TWO_CLASSES[1], "tolerations": [{"key": "drawing", "operator": "Exists"}]},
    ],
    "ingress": {"className": "nginx", "annotations": {"cert-manager.io/issuer": "site"}},
    "networkPolicy": {
        "ingressFrom": [{"namespaceSelector": {"matchLabels": {"name": "ingress"}}}],
        "stores": [{"ipBlock": {"cidr": "192.0.2.0/24"}}],
    },
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "keda": {"enabled": True},
}


def rendered(values: dict[str, Any]) -> list[dict[str, Any]]:
    with helm_python.Chart.load(CHART) as chart:
        files = chart.render(values, name="studio", namespace="pictures")
    texts = [text for name, text in files.items() if name.endswith(".yaml")]
    return [each for text in texts for each in yaml.safe_load_all(text) if each]


def found(objects: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    (match,) = [each for each in objects if each["kind"] == kind and each["metadata"]["name"] == name]
    return match


def pods(objects: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for each in objects:
        if each["kind"] in ("Deployment", "Job"):
            yield each["metadata"]["name"], each["spec"]["template"]["spec"]


@pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["as it comes", "everything"])
@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_takes_every_object(values: dict[str, Any], version: str) -> None:
    objects = [each for each in rendered(values) if each["kind"] not in CUSTOM]
    for each in objects:
        kubernetes_validate.validate(each, version, strict=True)
    assert {"Deployment", "Job", "Service", "Ingress", "NetworkPolicy", "PodDisruptionBudget"} <= {
        each["kind"] for each in objects
    }


def test_kubernetes_would_refuse_another_object() -> None:
    web = found(rendered({}), "Deployment", "studio-web")
    web["spec"]["template"]["spec"]["containers"][0]["readOnly"] = True
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(web, VERSIONS[0], strict=True)


def test_helm_finds_nothing_to_mend() -> None:
    report = lint(CHART, strict=True)
    assert report["errors"] == []
    assert [each["error"] for each in report["messages"]] == ["icon is recommended"]


@pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["as it comes", "everything"])
def test_no_pod_has_rights(values: dict[str, Any]) -> None:
    for name, pod in pods(rendered(values)):
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        (container,) = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        assert {"secretRef": {"name": "tempera"}} in container["envFrom"], name
        assert container["resources"] or "worker" in name


def test_secrets_come_by_reference_alone() -> None:
    objects = rendered(EVERYTHING)
    assert [each for each in objects if each["kind"] == "Secret"] == []
    with helm_python.Chart.load(CHART) as chart:
        for name in ("SECRET_KEY", "DATABASE_URL", "S3_SECRET_KEY", "SMTP_PASSWORD", "SENTRY_DSN", "signup_open"):
            with pytest.raises(helm_python.HelmValuesError):
                chart.validate_schema({"settings": {name: "x"}})
        with pytest.raises(helm_python.HelmValuesError):
            chart.validate_schema({"web": {"replica": 2}})


def test_every_setting_of_the_chart_is_one_of_the_sites() -> None:
    told = found(rendered({}), "ConfigMap", "studio-settings")["data"]
    assert set(told) <= set(settings_read())
    job = found(rendered({}), "Job", "studio-migrations")["spec"]["template"]["spec"]["containers"][0]
    assert {each["name"]: each["value"] for each in job["env"]} == told


def test_one_deployment_for_each_class_of_device() -> None:
    objects = rendered({"workers": TWO_CLASSES})
    for each in TWO_CLASSES:
        worker = found(objects, "Deployment", f"studio-worker-{each['name']}")
        (container,) = worker["spec"]["template"]["spec"]["containers"]
        assert {"name": "RENDER_DEVICE", "value": each["device"]} in container["env"]
        found(objects, "PodDisruptionBudget", f"studio-worker-{each['name']}")


def test_a_worker_is_given_the_time_that_its_pictures_have() -> None:
    pod = dict(pods(rendered({"settings": {"STOP_GRACE_SECONDS": 300}})))["studio-worker-gpu"]
    assert pod["terminationGracePeriodSeconds"] > 300


def test_the_clock_is_one_alone() -> None:
    beat = found(rendered({}), "Deployment", "studio-beat")["spec"]
    assert beat["replicas"] == 1 and beat["strategy"] == {"type": "Recreate"}


def test_migrations_run_before_anything_else() -> None:
    annotations = found(rendered({}), "Job", "studio-migrations")["metadata"]["annotations"]
    assert annotations["helm.sh/hook"] == "pre-install,pre-upgrade"


def test_the_web_scales_by_itself_and_is_probed_as_the_sites_host() -> None:
    objects = rendered({})
    scaler = found(objects, "HorizontalPodAutoscaler", "studio-web")["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2, 6)
    deployment = found(objects, "Deployment", "studio-web")["spec"]
    assert "replicas" not in deployment, "two would set it"
    (container,) = deployment["template"]["spec"]["containers"]
    for probe, path in (("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")):
        asked = container[probe]["httpGet"]
        assert asked["path"] == path
        assert asked["httpHeaders"] == [{"name": "Host", "value": "pictures.example.org"}]
    assert {"name": "ALLOWED_HOSTS", "value": "pictures.example.org,$(POD_IP)"} in container["env"]


def test_what_selects_pods_finds_them() -> None:
    objects = rendered(EVERYTHING)
    labels = [each["spec"]["template"]["metadata"]["labels"] for each in objects if each["kind"] == "Deployment"]
    for each in objects:
        if each["kind"] in ("PodDisruptionBudget", "NetworkPolicy"):
            chosen = (each["spec"].get("selector") or each["spec"]["podSelector"])["matchLabels"].items()
            assert any(chosen <= own.items() for own in labels), each["metadata"]["name"]
    service = found(objects, "Service", "studio-web")["spec"]["selector"].items()
    assert sum(service <= own.items() for own in labels) == 1


def test_what_draws_reaches_the_stores_alone() -> None:
    policy = found(rendered(EVERYTHING), "NetworkPolicy", "studio-workers")["spec"]
    names, stores = policy["egress"]
    assert {port["port"] for port in names["ports"]} == {53}
    assert stores == {"to": EVERYTHING["networkPolicy"]["stores"]}  # type: ignore[index]


def test_the_scraper_brings_a_token() -> None:
    monitor = found(rendered(EVERYTHING), "ServiceMonitor", "studio")["spec"]
    (endpoint,) = monitor["endpoints"]
    assert endpoint["path"] == "/metrics" and endpoint["port"] == "http"
    # It asks the pods themselves, where nothing speaks https.
    assert any(re.match(pattern, "metrics") for pattern in settings.SECURE_REDIRECT_EXEMPT)
    assert endpoint["authorization"]["credentials"] == {"name": "tempera-metrics", "key": "token"}
    service = found(rendered(EVERYTHING), "Service", "studio-web")
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()


def test_workers_are_added_by_how_long_people_wait() -> None:
    objects = rendered(EVERYTHING)
    for each in TWO_CLASSES:
        scaled = found(objects, "ScaledObject", f"studio-worker-{each['name']}")["spec"]
        found(objects, "Deployment", scaled["scaleTargetRef"]["name"])
        (trigger,) = scaled["triggers"]
        assert trigger["type"] == "prometheus"
        assert trigger["metadata"]["query"] == "max(tempera_queue_oldest_seconds)"
        assert float(trigger["metadata"]["threshold"]) > 0
        assert "replicas" not in found(objects, "Deployment", f"studio-worker-{each['name']}")["spec"]
