"""Chat Jippity in Python: says something by POST, hears the answer by server-sent events or by WebSocket."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import requests
from websockets.sync.client import connect

UP = Path(__file__).parents[2] / "var" / "up.json"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text", help="what to say")
    parser.add_argument("--gateway", help="its URL; what `make up` wrote down unless given")
    parser.add_argument("--websocket", action="store_true", help="use WebSockets for both ways")
    return parser.parse_args()


def by_http(gateway: str, said: str) -> Iterator[str]:
    headers = {"Accept": "text/event-stream"}
    with requests.get(f"{gateway}/jippity-discuss/sse", headers=headers, stream=True, timeout=60) as events:
        events.raise_for_status()
        # The stream is open: nothing that is said from here on is missed.
        answer = requests.post(f"{gateway}/jippity-chat/chat", data=said.encode(), timeout=10)
        answer.raise_for_status()
        for line in events.iter_lines(decode_unicode=True, chunk_size=1):
            if line.startswith("data: "):
                yield line.removeprefix("data: ")


def by_websocket(gateway: str, said: str) -> Iterator[str]:
    at = gateway.replace("http", "ws", 1)
    with connect(f"{at}/jippity-discuss/get/ws") as hearing, connect(f"{at}/jippity-chat/post/ws") as saying:
        saying.send(said)
        for frame in hearing:
            yield frame if isinstance(frame, str) else frame.decode()


def main() -> None:
    options = arguments()
    gateway = options.gateway or json.loads(UP.read_text())["gateway"]
    hear = by_websocket if options.websocket else by_http
    for text in hear(gateway, options.text):
        if f"'{options.text}'" in text:
            print(text)
            return


if __name__ == "__main__":
    main()
