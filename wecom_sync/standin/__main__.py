"""python -m wecom_sync.standin [--port N] [--seed N] [--corps N] …: runs until it is ended."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import fields
from typing import Any

from wecom_sync.standin.control import READS
from wecom_sync.standin.generate import Sizes
from wecom_sync.standin.server import Server
from wecom_sync.standin.state import Limits, State

HELP = {
    "upstreams": "upstream corps",
    "corps": "downstream corps over all of them",
    "people": "people in the downstream corps together",
    "staff": "people of each upstream corp itself",
    "chains": "chains of each upstream corp",
    "groups": "groups of each chain",
    "pending": "invited corps of each upstream corp that have not joined",
    "unshared": "joined corps of each upstream corp without the app",
    "rules": "rules of each chain",
    "twice": "downstream corps that two upstream corps see, under different ids",
    "crowd": "people to a department, on average",
    "scoped": "every so manieth downstream corp shows a part of itself only; 0 for none",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options, for this module and for manage.py fake_wecom."""
    parser.add_argument("--port", type=int, default=8800, help="0 for a free one")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same world")
    parser.add_argument(
        "--limit", type=int, default=10_000, help="calls a minute of one API; 0: no limit"
    )
    for one in fields(Sizes):
        parser.add_argument(f"--{one.name}", type=int, default=one.default, help=HELP[one.name])


def serve(options: dict[str, Any]) -> None:
    """Says where it is and what to enter there, then answers until it is ended."""
    sizes = Sizes(**{one.name: options[one.name] for one in fields(Sizes)})
    state = State(options["seed"], sizes, Limits(limit=options["limit"]))
    with Server(options["port"], state) as server:
        told = json.dumps(READS["connections"](state), ensure_ascii=False, indent=1)
        sys.stdout.write(f"ready http://127.0.0.1:{server.server_address[1]}\n{told}\n")
        sys.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            server.ending.set()


def main() -> None:
    parser = argparse.ArgumentParser(prog="wecom_sync.standin", description=__doc__)
    add_arguments(parser)
    serve(vars(parser.parse_args()))


if __name__ == "__main__":
    main()
