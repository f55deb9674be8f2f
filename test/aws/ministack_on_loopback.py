"""Runs ministack so that it is reached from this machine only, and ends with the process that started it.

Four things of ministack 1.5.33 are put right from outside:
- its MQTT listener binds to every interface, whatever it is told;
- it opens 443 beside its own port when it can;
- what it does itself, such as a topic rule that sends to a queue, it takes for a request without TLS, which our queues deny;
- its HTTP API asks its own user pool for keys without TLS, which it serves with TLS only.
"""

import contextvars
import os
import signal
import socket
import sys
import threading

LOOPBACK = "127.0.0.1"
bind_as_told = socket.socket.bind


def bind_to_loopback(self, address):
    if self.family == socket.AF_INET and address[0] in ("", "0.0.0.0"):
        address = (LOOPBACK, *address[1:])
    return bind_as_told(self, address)


def end_with_parent():
    """The parent holds the other end of standard input: its end, however it comes, ends the whole group."""
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


socket.socket.bind = bind_to_loopback
threading.Thread(target=end_with_parent, daemon=True).start()

from ministack.core import iam_evaluator  # noqa: E402 - after bind is replaced

IS_SECURE = True
iam_evaluator._request_origin = contextvars.ContextVar("origin", default=(LOOPBACK, IS_SECURE))

from ministack import app  # noqa: E402 - it takes the variable above while it is loaded
from ministack.services import apigateway  # noqa: E402

fetch_keys = apigateway._fetch_jwks


async def fetch_keys_over_tls(url):
    return await fetch_keys(url.replace("http:", "https:", 1))


apigateway._fetch_jwks = fetch_keys_over_tls
app._port_is_bindable = lambda host, port: False
app.main()
