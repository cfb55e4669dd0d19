"""Whether the files of deploy/ and the README agree with each other and with what is in the tree."""

import re
import subprocess
import sys
from pathlib import Path

import yaml

problems = []


def want(condition, text):
    if not condition:
        problems.append(text)


# README: the configuration in it is the one in config/, and what it points at exists.
readme = Path("README.md").read_text()
minimal = Path("config/minimal.yaml").read_text()
blocks = re.findall(r"^```yaml\n(.*?)^```$", readme, re.S | re.M)
want(blocks[:1] == [minimal], "README.md: its first configuration is not config/minimal.yaml")
documents = [Path("README.md"), *Path("Sources").glob("**/*.md")]
for document in documents:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if re.match(r"[a-z]+:", target) or target.startswith("#"):
            continue
        want((document.parent / target.split("#")[0]).exists(), f"{document}: {target} does not exist")
for command in re.findall(r"^\$ (\S+)", readme, re.M):
    if "/" in command:
        want(Path(command).is_file(), f"README.md: {command} does not exist")

# compose: only words that are known here, so that none is misspelt; every path exists and is committed.
base = Path("deploy/compose")
compose = yaml.safe_load((base / "compose.yaml").read_text())
committed = set(subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True).stdout.split("\n"))
dockerfile = Path("deploy/Dockerfile").read_text()
targets = set(re.findall(r"^FROM \S+ AS (\S+)$", dockerfile, re.M))
known = {
    "build", "cap_drop", "command", "depends_on", "image", "ports", "read_only", "restart", "secrets", "security_opt",
    "stop_grace_period", "tmpfs", "volumes",
}


def is_committed(path, what):
    name = str((base / path).resolve().relative_to(Path.cwd()))
    found = name in committed or any(one.startswith(name + "/") for one in committed)
    want(found, f"compose.yaml: {what} {path} is not in the repository")


want(set(compose) <= {"name", "services", "volumes", "secrets"}, "compose.yaml: unknown word at the top")
built = {s["image"] for s in compose["services"].values() if "build" in s}
for name, service in compose["services"].items():
    want(set(service) <= known, f"compose.yaml: {name}: unknown words {set(service) - known}")
    want(service["image"] in built, f"compose.yaml: {name}: nobody builds the image {service['image']}")
    if build := service.get("build"):
        want((base / build["context"]).resolve() == Path.cwd(), f"compose.yaml: {name}: the context is not the repository")
        want((base / build["context"] / build["dockerfile"]).is_file(), f"compose.yaml: {name}: no such Dockerfile")
        want(build["target"] in targets, f"compose.yaml: {name}: Dockerfile has no target {build['target']}")
    for port in service.get("ports", []):
        want(port.startswith("127.0.0.1:"), f"compose.yaml: {name}: port {port} is open to other machines")
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("."):
            is_committed(source, "volume")
        else:
            want(source in compose["volumes"], f"compose.yaml: {name}: no such volume {source}")
    for secret in service.get("secrets", []):
        want(secret in compose["secrets"], f"compose.yaml: {name}: no such secret {secret}")
    for other in service.get("depends_on", []):
        want(other in compose["services"], f"compose.yaml: {name}: no such service {other}")
    want(service.get("read_only") is True, f"compose.yaml: {name} may write to its own files")
    want(service.get("cap_drop") == ["ALL"], f"compose.yaml: {name} keeps capabilities")
for secret in compose["secrets"].values():
    is_committed(secret["file"], "secret")

# The gateway's configuration speaks of services and addresses that compose.yaml has.
gateway = yaml.safe_load((base / "postern.yaml").read_text())
addresses = [gateway["provider"]["backchannel_url"], *gateway["upstreams"]["api"]["servers"]]
for address in addresses:
    service, port = re.fullmatch(r"http://([a-z]+):(\d+)", address).groups()
    words = compose["services"].get(service, {}).get("command", [])
    want(f"--listen=0.0.0.0:{port}" in words, f"postern.yaml: nothing in compose.yaml listens at {address}")
issuer = gateway["provider"]["issuer"]
for service in ("provider", "api"):
    want(f"--issuer={issuer}" in compose["services"][service]["command"], f"compose.yaml: {service} has another issuer")
redirect = gateway["public_url"] + "/bff/callback"
want(
    any(word.endswith("=" + redirect) for word in compose["services"]["provider"]["command"]),
    f"compose.yaml: the provider does not know {redirect}",
)

# The Dockerfile takes its packages from debian-packages.txt; nothing else installs any, and nothing runs as root.
want(not re.search(r"^\s*(RUN .*)?apt(-get)? ", dockerfile, re.M), "Dockerfile: installs packages by itself")
kinds = set(re.findall(r"install-packages (\w+)", dockerfile))
listed = {line.split()[0] for line in Path("deploy/debian-packages.txt").read_text().splitlines() if line[:1].isalpha()}
want(kinds == {"build", "run"} and kinds <= listed, f"Dockerfile: installs {kinds}")
want({"postern", "postern-dev"} <= targets, "Dockerfile: a target is missing")
for stage in re.split(r"^FROM ", dockerfile, flags=re.M)[1:]:
    if "ENTRYPOINT" in stage:
        want(re.search(r"^USER [1-9]\d*:[1-9]\d*$", stage, re.M), f"Dockerfile: runs as root: {stage.splitlines()[0]}")
        want(re.search(r'^ENTRYPOINT \["', stage, re.M), "Dockerfile: ENTRYPOINT through a shell")
for source in re.findall(r"^COPY (?!--from)(\S+)", dockerfile, re.M):
    want(f"!{source}" in Path(".dockerignore").read_text().split("\n"), f".dockerignore: hides {source}")

for problem in problems:
    print(f"deploy: {problem}")
sys.exit(1 if problems else 0)
