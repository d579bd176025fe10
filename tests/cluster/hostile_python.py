"""Stands in for /usr/bin/python3 on a blade in the lab that somebody took over: it changes what modules answer.

The mutation is a piece of Python at /root/mutation, which sees the module's answer as `data`, its facts as `blade`
(None for a module that tells none), and may set `raw` to print that instead.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

REAL = str(Path("/usr/bin/python3.honest").resolve())


def main() -> None:
    """Programs of the system get the real interpreter; modules come on standard input."""
    if len(sys.argv) > 1 and sys.argv[1:] != ["-"]:
        os.execv(REAL, [REAL, *sys.argv[1:]])
    done = subprocess.run([REAL, "-"], input=sys.stdin.buffer.read(), capture_output=True, check=False)
    try:
        data = json.loads(done.stdout)
    except ValueError:
        sys.stdout.buffer.write(done.stdout)
        sys.stderr.buffer.write(done.stderr)
        sys.exit(done.returncode)
    seen = {"data": data, "blade": data.get("ansible_facts", {}).get("blade"), "raw": None}
    exec(Path("/root/mutation").read_text(), seen)
    print(seen["raw"] if seen["raw"] is not None else json.dumps(seen["data"]))
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
