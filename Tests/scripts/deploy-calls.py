"""Whether `postern serve` makes only system calls that a systemd unit allows, and no memory that is written and executed.

usage: deploy-calls.py UNIT PROGRAM

Runs the program under strace as another user than root, as the unit does, from its start over a request and a hand-over to
its end.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

unit, program = sys.argv[1:]


def expand(name):
    """The calls of a set of systemd, sets in it included."""
    if not name.startswith("@"):
        return {name}
    shown = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True).stdout
    words = [line.strip() for line in shown.splitlines()[1:]]
    return set().union(*(expand(word) for word in words if word and not word.startswith("#")))


allowed, niceness = set(), 0
for line in open(unit):
    if found := re.match(r"LimitNICE=([+-]\d+)$", line):
        niceness = int(found[1])
    if found := re.match(r"SystemCallFilter=(~?)(.*)", line):
        for name in found[2].split():
            allowed = allowed - expand(name) if found[1] else allowed | expand(name)
if not allowed:
    sys.exit("deploy: the unit has no SystemCallFilter")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def status(port, path):
    try:
        return urllib.request.urlopen(f"http://localhost:{port}{path}", timeout=5).status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


with tempfile.TemporaryDirectory() as work:
    os.chmod(work, 0o777)
    port, admin, nobody_listens = free_port(), free_port(), free_port()
    config, trace, log = f"{work}/postern.yaml", f"{work}/trace", f"{work}/log"
    with open(config, "w") as file:
        file.write(
            f"public_url: http://localhost:{port}\n"
            f"listen: [{{ address: '127.0.0.1:{port}' }}]\n"
            f"admin: {{ address: '127.0.0.1:{admin}' }}\n"
            f"provider: {{ issuer: 'http://127.0.0.1:{nobody_listens}', client_id: postern }}\n"
            f"session: {{ store: 'sqlite:{work}/state/sessions.db' }}\n".replace("sqlite:/", "sqlite:///")
            + f"upstreams: {{ api: 'http://127.0.0.1:{nobody_listens}' }}\n"
            "routes:\n  - { path: /, upstream: api }\n  - { path: /open/, upstream: api, access: public }\n"
        )
    os.chmod(config, 0o644)
    os.mkdir(f"{work}/state")
    user = []
    if os.getuid() == 0:
        os.chown(f"{work}/state", 65534, 65534)
        user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        # The program may lie where others cannot go.
        copy = f"{work}/postern"
        subprocess.run(["cp", program, copy], check=True)
        program = copy
    command = ["strace", "-f", "-qq", "-o", trace, *user, program, "serve", "--config", config]
    with open(log, "w") as output:
        child = subprocess.Popen(command, stdout=output, stderr=output)
    end = time.monotonic() + 60
    while status(admin, "/readyz") != 200:
        if child.poll() is not None or time.monotonic() > end:
            child.kill()
            sys.exit(f"deploy: the gateway did not start:\n{open(log).read()}")
        time.sleep(0.05)
    answers = [status(port, "/"), status(port, "/open/"), status(admin, "/metrics")]
    pids = subprocess.run(["pgrep", "-P", str(child.pid)], capture_output=True, text=True).stdout.split()
    os.kill(int(pids[0]), signal.SIGUSR2)
    while not (heir := re.search(r'"msg":"handed_over","pid":(\d+)', open(log).read())):
        if child.poll() is not None or time.monotonic() > end:
            child.kill()
            sys.exit(f"deploy: the gateway did not hand over:\n{open(log).read()}")
        time.sleep(0.05)
    answers.append(status(port, "/"))
    os.kill(int(heir[1]), signal.SIGTERM)
    ended = child.wait(timeout=60)
    lines = open(trace).read().splitlines()
    strange = [line for line in open(log) if not line.startswith("{")]

if answers != [401, 502, 200, 401] or ended != 0:
    sys.exit(f"deploy: expected 401, 502, 200, 401 and 0, found {answers} and {ended}")
if strange:
    sys.exit(f"deploy: the log has a line that is not JSON: {strange[0]}")
# What comes before the program is its own is strace's and setpriv's; a hand-over's execve is another process's.
first = lines[0].split()[0]
start = max(number for number, line in enumerate(lines) if re.match(rf"{first}\s+execve\(", line))
calls = {found[1] for line in lines[start:] if (found := re.match(r"\d+\s+(?:<[.]{3} )?(\w+)(?:\(| resumed)", line))}
forbidden = calls - allowed
# The run time complains in the journal about a priority that it cannot have.
refused = [
    line for line in lines[start:] if (found := re.search(r"setpriority\(.*, (-?\d+)\b", line)) and int(found[1]) < niceness
]
executable = [line for line in lines[start:] if re.search(r"PROT_WRITE\|PROT_EXEC", line)]
if forbidden:
    print(f"deploy: the unit refuses what the program calls: {' '.join(sorted(forbidden))}")
for line in refused[:3]:
    print(f"deploy: a thread asks for a priority that it cannot have: {line}")
for line in executable[:3]:
    print(f"deploy: memory that is written and executed: {line}")
if forbidden or refused or executable:
    sys.exit(1)
print(f"deploy: {len(calls)} system calls, all of them allowed")
