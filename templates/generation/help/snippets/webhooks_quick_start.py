import base64
import hashlib
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

KEY = base64.b64decode(os.environ["TEMPERA_SECRET"].removeprefix("whsec_"))
FIVE_MINUTES = 300
seen: set[str] = set()


def is_genuine(headers: dict[str, str], body: bytes) -> bool:
    """Whether this site signed it, just now. While a secret is replaced there are two signatures: one is enough."""
    identity, moment = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not moment.isdigit() or abs(time.time() - int(moment)) > FIVE_MINUTES:
        return False
    content = f"{identity}.{moment}.".encode() + body
    right = base64.b64encode(hmac.new(KEY, content, hashlib.sha256).digest()).decode()
    signatures = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(f"v1,{right}", signature) for signature in signatures)


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        if not is_genuine(headers, body):
            self.send_error(401)
            return
        # Answered at once, within five seconds; what takes longer is done afterwards.
        self.send_response(204)
        self.end_headers()
        # The same message may come twice: its id says so.
        if headers["webhook-id"] not in seen:
            seen.add(headers["webhook-id"])
            print(json.loads(body))


if __name__ == "__main__":
    # Behind a server that speaks https: webhooks go to no other.
    HTTPServer(("127.0.0.1", 8080), Receiver).serve_forever()
