"""`python healthy.py SITE_URL [PORT]`: ends with 0 when the web process of this container answers, at port 8000.

Asked as the site's own host, since no other is answered.
"""

from __future__ import annotations

import http.client
import sys
from urllib.parse import urlsplit


def answers(site: str, port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", "/healthz", headers={"Host": urlsplit(site).hostname or "localhost"})
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if answers(sys.argv[1], int([*sys.argv, "8000"][2])) else 1)
