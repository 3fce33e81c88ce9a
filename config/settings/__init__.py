"""All settings, each in the module that is about it; the defaults run on one machine with nothing else installed.

`SITE_URL` decides what kind of site this is: an https address makes every cookie secure, redirects http and demands
`SECRET_KEY`; the default is a local install on plain http, reachable from this machine only.
"""

from __future__ import annotations

import django_stubs_ext

from config.settings.buckets import *
from config.settings.connections import *
from config.settings.django_parts import *
from config.settings.doors import *
from config.settings.files import *
from config.settings.logs import *
from config.settings.people import *
from config.settings.site import *
from config.settings.studio import *

django_stubs_ext.monkeypatch()
