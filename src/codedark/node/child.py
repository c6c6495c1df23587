"""What `python -m codedark.node.child ROLE` runs: one of the keeper's children, by the order on its stdin."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from codedark.node.confine import end_with_parent, keep_memory_private
from codedark.node.layout import Layout
from codedark.node.log import start_log, where
from codedark.node.order import read_order, watch_keeper


def main(role: str) -> int:
    """Run one role until SIGTERM or until the keeper is gone. Returns the exit code."""
    keep_memory_private()
    end_with_parent()
    log, stop = start_log(role), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C reaches the whole group; the keeper ends its children in order
    try:
        order = read_order(sys.stdin.buffer)
        watch_keeper(sys.stdin.buffer, lambda: os.kill(os.getpid(), signal.SIGTERM))
        layout = Layout(Path(order.folder))
        if role == "fold":
            from codedark.node.folding import follow

            follow(layout, order, stop, log)
        elif role == "web":
            from codedark.node.pages import show

            show(layout, order, stop, log)
        elif role == "packs":
            from codedark.node.packing import draw_drafts

            draw_drafts(layout, order, stop, log)
        elif role == "exports":
            from codedark.node.asking import ask_by_timer

            ask_by_timer(layout, order, stop, log)
        elif role == "stations":
            from codedark.node.stations import hand_out

            hand_out(layout, order, stop, log)
        else:
            return 2
    except EOFError:
        return 0
    except Exception as error:
        log.error("failed", error=type(error).__name__, where=where(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
