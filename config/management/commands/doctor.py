"""`manage.py doctor`: what is in order and what is not, a line each, with what to do."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.refusals import counted
from config.doctor.findings import Level, Line
from config.doctor.looks import look_at_all


class Command(BaseCommand):
    help = "Look at every part of the running site and say what to do; ends with 1 where something fails."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="a list of objects, for programs")

    def handle(self, **options: Any) -> None:
        lines = []
        for line in look_at_all():
            lines.append(line)
            if not options["json"]:
                self.tell(line)
        if options["json"]:
            self.stdout.write(json.dumps([line.as_json() for line in lines], ensure_ascii=False, indent=1))
        failed = [line for line in lines if line.level == Level.FAIL]
        if failed:
            raise CommandError(f"{counted(len(failed), 'thing')} to mend.")

    def tell(self, line: Line) -> None:
        self.stdout.write(f"{line.level:<5} {line.part:<11} {line.said}")
        if line.advice:
            self.stdout.write(f"{'':<17} {line.advice}")
