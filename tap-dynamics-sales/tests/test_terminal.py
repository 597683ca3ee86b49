"""Progress where somebody looks at it: a real pseudo-terminal as standard error of the real process."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conftest import Bench

ROWS = 40


def filled(bench: Bench) -> None:
    rows = [
        {"@odata.type": "Microsoft.Dynamics.CRM.account", "name": f"Account {number}"}
        for number in range(ROWS)
    ]
    bench.call("POST", "accounts/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": rows})


class Terminal:
    """The tap's standard error as somebody sees it, and its standard output as a target gets it."""

    def __init__(self, bench: Bench, **settings: object) -> None:
        config = bench.folder / "config.json"
        config.write_text(json.dumps({**bench.sandbox.config("sales"), "streams": ["accounts"], **settings}))
        tap = Path(sys.executable).with_name("tap-dynamics-sales")
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
        self._master, end = pty.openpty()
        self._output = bench.folder / "out"
        with self._output.open("wb") as out:
            command = [tap, "--config", config]
            self._process = subprocess.Popen(command, stdout=out, stderr=end, env=environment)
        os.close(end)
        self._seen = bytearray()

    @property
    def seen(self) -> str:
        """All that was shown so far, without colours and movements."""
        text = self._seen.decode("utf-8", "replace").replace("\r", "\n")
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)

    def wait_for(self, pattern: str) -> None:
        """Look until the pattern is shown."""
        while not re.search(pattern, self.seen):
            assert self._look(), self.seen

    def close(self) -> tuple[int, list[dict[str, Any]]]:
        """Look to the end; gives the exit code and the messages."""
        while self._look():
            pass
        os.close(self._master)
        return self._process.wait(60), [json.loads(line) for line in self._output.read_bytes().splitlines()]

    def _look(self) -> bool:
        try:
            piece = os.read(self._master, 65536)
        except OSError:  # how Linux tells that nobody has the other end any more
            return False
        self._seen += piece
        return bool(piece)


def test_a_live_line_with_share_and_a_table_at_the_end(bench: Bench) -> None:
    filled(bench)
    with bench.sandbox.hold("sales", path=r"/accounts\?", skip=2) as held:
        terminal = Terminal(bench, page_size=10)
        held.wait()
        terminal.wait_for(r"accounts .* (25%|50%) +(10|20) records +[\d,]+/s")
    code, messages = terminal.close()
    assert code == 0, terminal.seen
    assert re.search(r"accounts .* 100% +40 records", terminal.seen)
    assert re.search(r"│ accounts +│ +40 │ +0 │", terminal.seen)
    assert sum(message["type"] == "RECORD" for message in messages) == ROWS


def test_log_lines_pass_above_and_the_error_is_still_one_line(bench: Bench) -> None:
    filled(bench)
    refusal = '{"error":{"code":"0x1","message":"No more rows today"}}'
    bench.sandbox.faults(path=r"/accounts\?", skip=1, status=400, body=refusal)
    terminal = Terminal(bench, page_size=10)
    code, _ = terminal.close()
    assert code == 1
    assert terminal.seen.count("No more rows today") == 1
    assert "Beginning sync of 'accounts'" in terminal.seen
    assert re.search(r"│ accounts +│ +10 │ .* broken off │", terminal.seen)


def test_without_a_terminal_no_request_is_made_for_the_share(bench: Bench) -> None:
    filled(bench)
    done = bench.run(streams=["accounts"])
    assert "finished: stream=accounts records=40 deletions=0" in done.log
    assert not bench.reads("RetrieveTotalRecordCount")
