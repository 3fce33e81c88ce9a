"""`python -m tests.architecture.dead_code`: what nobody uses, found by vulture; part of `make lint`.

Vulture sees uses in Python alone. What is used by its name elsewhere counts as used too: in a template, as a keyword
(`update(seen_at=...)`), or in a text that is nothing but a name (`"-seen_at"`, `"config.paging.NewestFirst"`).
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from vulture import Vulture
from vulture.core import Item

from tests.architecture.sources import PACKAGES, ROOT

LEAST_CONFIDENCE = 60
NAMES = re.compile(r"-?[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
WORD = re.compile(r"[A-Za-z_]\w*")
DECORATORS = [
    "@register*", "@admin.*", "@action*", "@pytest.*", "@given*", "@rule*", "@invariant*", "@initialize*",
    "@precondition*", "@app.task*", "@shared_task*", "@*.connect", "@extend_schema*",
]  # fmt: skip
LOOKED_UP = {
    "config/settings/*": ["*"],
    "*/models*": ["abstract", "as_postgresql", "constraints", "use_in_migrations", "verbose_name*"],
    "*/admin*": [
        "list_*", "*_fields", "actions_list", "*_form", "add_fieldsets", "actions", "inlines", "has_*_permission",
        "save_model", "save_related", "delete_model", "delete_queryset", "formfield_for_dbfield",
        "get_deleted_objects", "get_ordering",
        "parameter_name", "change_list_template", "show_full_result_count", "model_admin", "request",
        "clean_*", "help_texts", "prepare_value", "has_changed",
    ],
    "*/api/*": ["get_*", "serializer_class", "parser_classes", "http_method_names", "has_permission",
        "renderer_classes", "media_type", "format", "close", "frame", "end", "__aiter__", "authentication_classes",
        "throttle_classes", "to_representation"],
    "generation/api/a1111/*": ["*_classes", "*_class", "authenticate*", "format"],
    "generation/api/dialect.py": ["*_class", "schema"],
    "generation/api/native/fields.py": ["TextDescription", "target_class", "match_subclasses", "map_serializer_field",
        "auto_schema", "validate_empty_values"],
    "generation/api/openai/*": ["*_classes", "options", "get_permissions"],
    "generation/storage/buckets/azure.py": ["_get_service_client"],
    "*/apps.py": ["*Config", "default_auto_field"],
    "*/management/commands/*": ["help", "add_arguments", "requires_system_checks"],
    "*/web/live/*.py": ["receive", "bytes_data", "job_changed", "run_event"],
    "accounts/adapters.py": [
        "error_messages", "is_open_for_signup", "send_mail", "respond_user_inactive",
        "_get_login_attempts_cache_key", "scope_display", "get_issuer", "get_user_*", "populate_server_metadata",
        "validate_client_registration", "send_notification_mail", "save_user", "authentication_failed",
        "pre_authenticate", "login", "logout"],
    "accounts/factors.py": ["validation_error", "encrypt", "decrypt"],
    "config/heartbeat.py": ["requires"],
    "config/stopping.py": ["persistent"],
    "accounts/recorded_admin.py": ["has_*_permission", "log_*"],
    "accounts/security_admin.py": ["list_*", "search_*", "show_full_result_count", "change_list_template"],
    "accounts/openid.py": ["oauth2_adapter_class"],
    "accounts/social.py": [
        "on_authentication_error",
        "list_apps", "is_email_verified", "authenticate_by_email", "pre_social_login", "is_open_for_signup",
        "is_auto_signup_allowed"],
    "config/person_pages.py": ["actions_detail", "has_*_permission"],
    "tests/accounts/oidc_provider.py": ["do_*", "log_message"],
    "accounts/scopes.py": ["TRAIN", "MODERATE"],
    "config/asgi.py": ["HTTPFactory", "read_body"],
    "config/described.py": ["get_override_parameters", "get_operation"],
    "config/celery.py": ["task_queues", "worker_concurrency"],
    "config/checks.py": ["app_configs"],
    "config/help/rendering.py": ["table_close", "heading_close"],
    "config/input_limits.py": ["process_view", "args", "kwargs"],
    "config/media_host.py": ["accessed"],
    "config/operations/page.py": ["widgets", "clean_*", "has_*_permission", "change_view"],
    "config/outage.py": ["process_exception"],
    "config/paging.py": ["*page_size*", "get_ordering", "get_schema*", "decode_cursor"],
    "config/policies.py": ["_csp_replace"],
    "config/plain_json.py": ["parse", "select_renderer"],
    "config/problems.py": ["process_exception"],
    "config/seeing/span_ids.py": ["is_trace_id_random"],
    "config/throttling.py": ["get_ident"],
    "config/tokens.py": ["TokenScheme", "target_class", "authenticate_credentials"],
    "config/urls.py": ["handler*", "password_change"],
    "config/web_server.py": ["*Received", "*Producing", "handle_reply", "gotLength", "handleContentChunk",
        "line*", "buildProtocol", "*Lost",
        "bufferSize", "maxHeaders", "protocol", "requestFactory",
        "content", "closed", "tell", "offset", "whence", "seek"],
    "gallery/api/complaints.py": ["throttle_scope"],
    "gallery/api/verify.py": ["xmp_source_type", "throttle_scope"],
    "gallery/models/reasons.py": ["COMMENT"],
    "gallery/models/posts.py": ["SEXUAL", "VIOLENT", "HATEFUL", "COPIED", "OTHER"],
    "generation/catalog/loras/naming.py": ["regex"],
    "generation/catalog/wildcards.py": ["regex"],
    "generation/catalog/tokenizing.py": ["normalizer", "pre_tokenizer"],
    "generation/engine/schedulers.py": ["_step_index"],
    "generation/imaging/svg_metadata.py": ["*Handler", "buffer_text"],
    "generation/jobs/webhooks/sending.py": ["sock"],
    "generation/models/safeguards.py": ["NEGATIVE"],
    "generation/storage/files.py": ["_save"],
    "generation/web/*/forms.py": ["help_text"],
    "tests/platform/hostile/*.py": ["handle_*"],
    "tests/*": ["test_*", "pytest_*"],
    "tests/platform/receiving.py": ["do_POST", "log_message"],
    "tests/platform/backups.py": ["linkname"],
    "tests/platform/test_streams.py": ["_networkProducer"],
    "tests/platform/test_websockets.py": ["sendPong"],
    "tests/accounts/mail_servers.py": ["handle_*", "mechanism"],
    "tests/accounts/test_provider_over_socket.py": ["[gs]et_tokens", "[gs]et_client_info"],
    "tests/accounts/test_mail.py": ["EMAIL_*"],
    "tests/faults/test_full_disk.py": ["raise_request_exception"],
    "tests/faults/wrong_clock.py": ["__instancecheck__", "utcnow"],
    "tests/generation/engine/test_isolation.py": ["raise"],
    "tests/generation/jobs/test_job_machine.py": ["teardown"],
    "tests/generation/jobs/webhooks/conftest.py": ["do_POST", "log_message", "handle_error", "daemon_threads"],
    "tests/generation/training/datasets/test_archives.py": ["create_system"],
    "tests/platform/test_bodies.py": ["protocol_connected"],
}  # fmt: skip
"""Files -> names in them that frameworks look up by themselves."""


def main() -> None:
    found = [f"{item.filename.relative_to(ROOT)}:{item.first_lineno}: {item.message}" for item in unused()]
    print("\n".join(found) or "No dead code.", file=sys.stderr if found else sys.stdout)
    sys.exit(bool(found))


def unused() -> Iterator[Item]:
    """What neither Python nor a name elsewhere uses, in the order of the files."""
    vulture = Vulture(ignore_decorators=DECORATORS)
    vulture.scavenge([str(ROOT / package) for package in (*PACKAGES, "tests")], exclude=["*/migrations/*"])
    elsewhere = {*words_of_templates(), *names_in_code()}
    for item in vulture.get_unused_code(min_confidence=LEAST_CONFIDENCE):
        path = item.filename.relative_to(ROOT).as_posix()
        looked_up = any(
            fnmatch(path, files) and any(fnmatch(item.name, name) for name in names)
            for files, names in LOOKED_UP.items()
        )
        # A test may ask for a fixture for its effect alone.
        is_fixture = path.startswith("tests/") and item.typ == "variable" and item.confidence == 100
        if not (looked_up or is_fixture or item.name in elsewhere):
            yield item


def words_of_templates() -> set[str]:
    folders = (ROOT / "templates", *(ROOT / package for package in PACKAGES))
    return {word for folder in folders for page in folder.rglob("*.html") for word in WORD.findall(page.read_text())}


def names_in_code() -> Iterator[str]:
    """Keywords of calls, and the words of texts that are names. Those of tests keep no product code alive."""
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg:
                yield node.arg
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and NAMES.fullmatch(node.value):
                yield from WORD.findall(node.value.replace("__", "."))


def python_files() -> list[Path]:
    return [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]


if __name__ == "__main__":
    main()
