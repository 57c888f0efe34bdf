"""The rendered manifests of one overlay, and how to find things in them."""

import re
from dataclasses import dataclass

SERVICES = ("org-service", "ticket-service", "appraisal-service")
SERVERS = ("gateway",) + SERVICES
JOBS = ("migrate-org", "migrate-ticket", "migrate-appraisal")
FLAG_DIRECTORY = "/etc/qungong/flags/"


@dataclass
class Workload:
    """A Deployment, StatefulSet or Job, and the pod that it makes."""

    doc: dict

    @property
    def kind(self):
        return self.doc["kind"]

    @property
    def name(self):
        return self.doc["metadata"]["name"]

    @property
    def title(self):
        return f"{self.kind}/{self.name}"

    @property
    def labels(self):
        return self.doc["spec"]["template"]["metadata"].get("labels", {})

    @property
    def pod(self):
        return self.doc["spec"]["template"]["spec"]

    @property
    def containers(self):
        return self.pod["containers"] + self.pod.get("initContainers", [])

    @property
    def ports(self):
        """Port number by name."""
        return {p["name"]: p["containerPort"] for c in self.containers for p in c.get("ports", [])}

    @property
    def service(self):
        """org-service for everything that runs its binary, the Jobs included; "" for others' images."""
        image = self.containers[0]["image"].rsplit(":", 1)[0].rsplit("/", 1)[-1]
        return image if image in SERVERS else ""

    @property
    def secrets(self):
        """Every Secret that the pod mounts: (name, optional)."""
        found = []
        for volume in self.pod.get("volumes", []):
            if "secret" in volume:
                found.append((volume["secret"]["secretName"], volume["secret"].get("optional", False)))
            for source in volume.get("projected", {}).get("sources", []):
                if "secret" in source:
                    found.append((source["secret"]["name"], source["secret"].get("optional", False)))
        return [(re.sub(r"-[a-z0-9]{10}$", "", name), optional) for name, optional in found]


class World:
    """All documents of one rendered overlay, and the project's files that must agree with them, by name. Checks only
    read it."""

    def __init__(self, overlay, docs, project):
        self.overlay = overlay
        self.docs = docs
        self.project = project

    def of(self, kind):
        return [d for d in self.docs if isinstance(d, dict) and d.get("kind") == kind]

    def get(self, kind, name):
        """The document, or None. A generated name is found without its hash."""
        for doc in self.of(kind):
            if re.fullmatch(re.escape(name) + "(-[a-z0-9]{10})?", doc["metadata"]["name"]):
                return doc
        return None

    def workloads(self, *kinds):
        return [Workload(d) for k in kinds or ("Deployment", "StatefulSet", "Job") for d in self.of(k)]

    def servers(self):
        return [w for w in self.workloads("Deployment") if w.name in SERVERS]

    def mounted_files(self, workload):
        """Path in the container → the content if a ConfigMap has it, else None."""
        files = {}
        volumes = {v["name"]: v for v in workload.pod.get("volumes", [])}
        for mount in workload.containers[0].get("volumeMounts", []):
            volume, root = volumes.get(mount["name"], {}), mount["mountPath"].rstrip("/") + "/"
            if "configMap" in volume:
                config = next(
                    (d for d in self.of("ConfigMap") if d["metadata"]["name"] == volume["configMap"]["name"]),
                    {"data": {}},
                )
                files.update({root + key: text for key, text in config["data"].items()})
            for source in volume.get("projected", {}).get("sources", []):
                secret = source["secret"]
                keys = [i["path"] for i in secret.get("items", [])] or ["tls.crt", "tls.key", "ca.crt"]  # type tls
                files.update({root + key: None for key in keys})
        return files

    def flags(self, workload):
        """The flags that its process sees: flag files first to last, then the command line; later ones win."""
        files, flags = self.mounted_files(workload), {}
        for argument in workload.containers[0].get("args", []):
            name, _, value = argument.lstrip("-").partition("=")
            if name != "flagfile":
                flags[name] = value
                continue
            for path in value.split(","):
                for line in (files.get(path) or "").splitlines():
                    line = line.strip()
                    if line and not line.startswith("#"):
                        key, _, text = line.lstrip("-").partition("=")
                        flags[key] = text
        return flags


def seconds(text):
    """An Abseil duration such as 10s, 1m30s or 500ms."""
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
    return sum(float(n) * units[u] for n, u in re.findall(r"([0-9.]+)(ms|s|m|h)", text))


def mebibytes(text):
    number, unit = re.fullmatch(r"([0-9.]+)(Ki|Mi|Gi|)", str(text)).groups()
    return float(number) * {"Ki": 1 / 1024, "Mi": 1, "Gi": 1024, "": 1 / 1048576}[unit]
