"""Checks a compose file against the compose specification's schema, and that
every service, volume, network and file that it speaks of is there.

usage: compose.py docker-compose.yml schema.json"""

import json
import pathlib
import sys

import jsonschema_rs
import yaml

path = pathlib.Path(sys.argv[1])
compose = yaml.safe_load(path.read_text())
validator = jsonschema_rs.validator_for(json.loads(pathlib.Path(sys.argv[2]).read_text()))
faults = [f"{'/'.join(map(str, fault.instance_path))}: {fault.message}" for fault in validator.iter_errors(compose)]
services = compose["services"]
for name, service in services.items():
    for other in service.get("depends_on", []):
        if other not in services:
            faults.append(f"{name} depends on {other}, which is not there")
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("."):
            if not (path.parent / source).exists():
                faults.append(f"{name} mounts {source}, which is not there")
        elif source not in compose.get("volumes", {}):
            faults.append(f"{name} mounts the volume {source}, which is not declared")
    for network in service.get("networks", []):
        if network not in compose.get("networks", {}):
            faults.append(f"{name} is in the network {network}, which is not declared")
    build = service.get("build")
    if build and not (path.parent / build["context"] / build.get("dockerfile", "Dockerfile")).exists():
        faults.append(f"{name} is built from a file that is not there")
print("\n".join(faults) or f"{len(services)} services, no fault")
sys.exit(bool(faults))
