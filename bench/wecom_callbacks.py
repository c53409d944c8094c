"""Callbacks as a corp of ours would get them on its worst day: 200 a second for 25 seconds (SPEC WEC-5).

python -m bench.wecom_callbacks [--rate 200] [--seconds 25] [--beside 200]

Every one is signed, encrypted and different; `--beside` as many forged ones a second come in between, from the same
source (SECURITY T66). The server is granian as in the container file. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import queue
import random
import threading
import time
from collections import Counter
from dataclasses import replace
from typing import Any

from bench.own_site import own_site, step
from bench.scale.servers import serving
from wecom_sync.standin import callbacks
from wecom_sync.standin.callbacks import Push
from wecom_sync.standin.world import App

CORP, THREADS = "ww1", 40
P99_SECONDS = 1.0
APP = App(1, "s", "bench", token="benchtoken", aes_key="a" * 43)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=25)
    parser.add_argument("--beside", type=int, default=0)
    options = parser.parse_args()
    with own_site():
        pk = step("_wecom_steps.called", APP.token, APP.aes_key)["connection"]
        hosts = {"ALLOWED_HOSTS": "127.0.0.1", "DJANGO_SETTINGS_MODULE": "config.settings"}
        with serving("config.wsgi:application", **(dict(os.environ) | hosts)) as port:
            print(json.dumps(measure(options, port, f"/wecom/{pk}/callback/")))


def measure(options: argparse.Namespace, port: int, path: str) -> dict[str, Any]:
    """Sends at the rate, whatever the answers take."""
    count, forged = options.rate * options.seconds, options.beside * options.seconds
    pushes = [_push(number) for number in range(count)]
    pushes += [replace(one, signature="0" * 40) for one in map(_push, range(forged))]
    random.Random(7).shuffle(pushes)
    waiting: queue.Queue[tuple[float, Push] | None] = queue.Queue()
    answers: list[tuple[int, float]] = []
    threads = [
        threading.Thread(target=_send, args=(port, path, waiting, answers))
        for _one in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    for number, one in enumerate(pushes):
        due = began + number / (options.rate + options.beside)
        time.sleep(max(0, due - time.monotonic()))
        waiting.put((due, one))
    for _thread in threads:
        waiting.put(None)
    for thread in threads:
        thread.join()
    seconds = sorted(took for _status, took in answers)
    statuses = Counter(status for status, _took in answers)
    p99 = seconds[int(len(seconds) * 0.99) - 1]
    return {
        "bench": "wecom_callbacks", "sent": count, "a_second": options.rate, "forged": forged,
        "answers": dict(statuses), "median_ms": round(seconds[len(seconds) // 2] * 1000), "p99_ms": round(p99 * 1000),
        "met": statuses == Counter({200: count, 403: forged}) and p99 <= P99_SECONDS,
    }  # fmt: skip


def _push(number: int) -> Push:
    told = {
        "ToUserName": CORP,
        "Event": "change_contact",
        "ChangeType": "update_user",
        "UserID": f"u{number}",
    }
    return callbacks.push(APP, CORP, callbacks.event(told))


def _send(
    port: int,
    path: str,
    waiting: queue.Queue[tuple[float, Push] | None],
    answers: list[tuple[int, float]],
) -> None:
    """One after the other; the clock of each runs since it was due."""
    while (found := waiting.get()) is not None:
        due, one = found
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request(
                "POST", f"{path}?{one.query}", one.body, {"Content-Type": "text/xml"}
            )
            status = connection.getresponse().status
        except OSError:
            status = 0
        finally:
            connection.close()
        answers.append((status, time.monotonic() - due))


if __name__ == "__main__":
    main()
