"""Checks compose/compose.yaml and compose/Dockerfile as far as that goes without a container engine.

Needs Debian's python3-yaml and python3-jsonschema. Prints every fault found; status 1 if there is one.
Usage: check-compose.py [FOLDER]    (default: the repository's compose/)
"""

import itertools
import json
import pathlib
import re
import shlex
import subprocess
import sys

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "artifacts/flowpipe/flowpipe"
# Images that name no file of ours must carry a version
TAGGED_IMAGE = re.compile(r"^[a-z0-9./_-]+:(?!latest$)[\w.-]+$")
VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))")

faults = []


def fault(place, message):
    faults.append(f"{place}: {message}")


class UniqueKeysLoader(yaml.SafeLoader):
    """PyYAML keeps the last of two equal keys without a word; Compose refuses the file."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key} is given twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_env(path):
    values = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not re.fullmatch(r"\w+", name):
            fault(f"{path.name}:{number}", f"not NAME=value: {line}")
        values[name] = value
    return values


def interpolate(node, env, used):
    """Replaces ${NAME}, ${NAME:-default} and $NAME in every string, as Compose does before it looks at the values."""

    def value_of(match):
        name = match.group(1) or match.group(3)
        used.add(name)
        if name not in env and match.group(2) is None:
            fault("compose.yaml", f"${name} has no default and isn't in .env")
        return env.get(name, match.group(2) or "")

    if isinstance(node, str):
        return VARIABLE.sub(value_of, node.replace("$$", "\0")).replace("\0", "$")
    if isinstance(node, list):
        return [interpolate(item, env, used) for item in node]
    if isinstance(node, dict):
        return {key: interpolate(value, env, used) for key, value in node.items()}
    return node


def known_options(words):
    """The options that `flowpipe WORDS --help` names; None when the program isn't built or doesn't say."""
    if not PROGRAM.exists():
        return None
    answer = subprocess.run([PROGRAM, *words, "--help"], capture_output=True, text=True, timeout=60, check=False)
    if answer.returncode == 0 and not answer.stdout.strip():
        return None
    return set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", answer.stdout)) if answer.returncode == 0 else set()


def check_command(place, arguments):
    words = list(itertools.takewhile(lambda argument: not argument.startswith("-"), arguments))
    command = " ".join(words)
    options = known_options(words)
    if options is None:
        return
    if not options:
        fault(place, f"flowpipe has no command {command}")
        return
    for argument in arguments[len(words):]:
        if argument.startswith("-") and argument.split("=")[0] not in options:
            fault(place, f"flowpipe {command} has no option {argument}")


def check_service(name, service, compose, folder, built):
    place = f"services.{name}"
    image = service.get("image", "")
    if "build" in service:
        context = folder / service["build"]["context"]
        if not (context / service["build"].get("dockerfile", "Dockerfile")).is_file():
            fault(place, f"no Dockerfile at {service['build']} ")
    elif image not in built and not TAGGED_IMAGE.match(image):
        fault(place, f"image {image} needs a version that isn't latest")
    for other, how in service.get("depends_on", {}).items():
        if other not in compose["services"]:
            fault(place, f"depends on {other}, which is no service")
        elif how["condition"] == "service_healthy" and "healthcheck" not in compose["services"][other]:
            fault(place, f"waits for the health of {other}, which has no healthcheck")
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith((".", "/")):
            if not (folder / source).exists():
                fault(place, f"mounts {source}, which doesn't exist")
        elif source not in (compose.get("volumes") or {}):
            fault(place, f"mounts the volume {source}, which isn't declared")
    if image in built:
        if "ALL" not in service.get("cap_drop", []):
            fault(place, "our own container must drop all capabilities: cap_drop: [ALL]")
        check_command(place, service.get("command", ["--help"]))
        for server in re.findall(r"kafka://([\w.-]+):(\d+)/", " ".join(service.get("command", []))):
            check_kafka_address(place, *server, compose)
        for address in re.findall(r"http://([\w.-]+):(\d+)", " ".join(service.get("command", []))):
            check_http_address(place, *address, compose)


def check_kafka_address(place, host, port, compose):
    """What a container connects to must be what that broker advertises: the commonest fault in Kafka compose files."""
    broker = compose["services"].get(host)
    if broker is None:
        fault(place, f"kafka://{host}: there is no such service")
        return
    advertised = broker.get("environment", {}).get("KAFKA_ADVERTISED_LISTENERS", "")
    if f"//{host}:{port}" not in advertised:
        fault(place, f"kafka://{host}:{port} isn't among the advertised listeners {advertised}")


def check_http_address(place, host, port, compose):
    """A service listens where its own environment says so, in some variable that ends in LISTENERS."""
    service = compose["services"].get(host)
    if service is None:
        fault(place, f"http://{host}: there is no such service")
        return
    bound = ",".join(value for name, value in service.get("environment", {}).items() if name.endswith("LISTENERS"))
    if f":{port}" not in bound:
        fault(place, f"http://{host}:{port}: it listens on {bound or 'nothing that is known'}")


def check_bootstrap_servers(name, service, compose):
    for variable, value in service.get("environment", {}).items():
        if variable.endswith("BOOTSTRAP_SERVERS"):
            for host, port in re.findall(r"([\w.-]+):(\d+)", str(value)):
                check_kafka_address(f"services.{name}.environment.{variable}", host, port, compose)


def check_kafka_listeners(name, service):
    environment = service.get("environment", {})
    if "KAFKA_LISTENERS" not in environment:
        return
    place = f"services.{name}.environment"

    def listeners(key):
        return dict(re.findall(r"(\w+)://([^,]*)", environment.get(key, "")))

    bound, advertised = listeners("KAFKA_LISTENERS"), listeners("KAFKA_ADVERTISED_LISTENERS")
    protocols = dict(re.findall(r"(\w+):(\w+)", environment.get("KAFKA_LISTENER_SECURITY_PROTOCOL_MAP", "")))
    controllers = environment.get("KAFKA_CONTROLLER_LISTENER_NAMES", "").split(",")
    for listener in bound:
        if listener not in protocols:
            fault(place, f"listener {listener} has no security protocol")
        if listener not in controllers and listener not in advertised:
            fault(place, f"listener {listener} isn't advertised")
    for listener in [*advertised, *controllers, environment.get("KAFKA_INTER_BROKER_LISTENER_NAME", "")]:
        if listener not in bound:
            fault(place, f"listener {listener} isn't bound")
    for port in service.get("ports", []):
        if port.split(":")[-1] not in (address.split(":")[-1] for address in bound.values()):
            fault(f"services.{name}.ports", f"{port}: nothing listens there")


def check_compose(folder):
    text = (folder / "compose.yaml").read_text()
    try:
        raw = yaml.load(text, Loader=UniqueKeysLoader)
    except yaml.YAMLError as error:
        fault("compose.yaml", str(error))
        return
    env, used = read_env(folder / ".env"), set()
    compose = interpolate(raw, env, used)
    for name in env.keys() - used:
        fault(".env", f"{name} is used nowhere")
    schema = json.loads((ROOT / "scripts/compose.schema.json").read_text())
    errors = list(jsonschema.Draft7Validator(schema).iter_errors(compose))
    for error in errors:
        fault("compose.yaml " + ".".join(map(str, error.absolute_path)), error.message)
    if errors:
        return  # what follows relies on the shape
    built = {service["image"] for service in compose["services"].values() if "build" in service and "image" in service}
    for name, service in compose["services"].items():
        check_service(name, service, compose, folder, built)
        check_kafka_listeners(name, service)
        check_bootstrap_servers(name, service, compose)
    declared = set(compose.get("volumes") or {})
    mounted = {volume.split(":")[0] for service in compose["services"].values() for volume in service.get("volumes", [])}
    for name in declared - mounted:
        fault("volumes", f"{name} is mounted nowhere")


def instructions(text):
    """(instruction, arguments) of a Dockerfile, comments gone and continued lines joined."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            yield word.upper(), rest.strip()


def check_dockerfile(path, context):
    stages, user = [], None
    for instruction, arguments in instructions(path.read_text()):
        place = f"{path.name} {instruction}"
        words = [word for word in shlex.split(arguments) if not word.startswith("--")] if instruction in ("FROM", "COPY") else []
        if instruction == "FROM":
            if words[0] not in stages and not TAGGED_IMAGE.match(words[0]):
                fault(place, f"{words[0]} needs a version that isn't latest")
            stages.append(words[2] if len(words) > 2 else str(len(stages)))
            user = None  # each stage starts as its image does
        elif instruction == "COPY":
            source_stage = re.search(r"--from=(\S+)", arguments)
            if source_stage and source_stage.group(1) not in stages:
                fault(place, f"there is no stage {source_stage.group(1)}")
            for source in words[:-1] if not source_stage else []:
                if not (context / source).exists():
                    fault(place, f"{source} doesn't exist in {context}")
        elif instruction == "ADD":
            fault(place, "use COPY")
        elif instruction == "USER":
            user = arguments
        elif instruction == "RUN" and re.search(r"\bsetcap\b", arguments):
            fault(place, "no file capabilities: they break no-new-privileges")
        elif instruction == "RUN" and re.search(r"apt-get\b.*\binstall\b", arguments) and "/var/lib/apt/lists" not in arguments:
            fault(place, "leaves apt's lists in the image")
    if len(stages) < 2:
        fault(path.name, "the SDK belongs in a stage of its own")
    if user is None or user.split(":")[0] in ("root", "0"):
        fault(path.name, "the last stage must end with a USER that isn't root")


def main():
    folder = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT / "compose"
    check_compose(folder)
    check_dockerfile(folder / "Dockerfile", ROOT)
    for line in faults:
        print(line)
    sys.exit(1 if faults else 0)


main()
