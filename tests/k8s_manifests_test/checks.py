"""The invariants of the rendered manifests, one function each: World → problems, one line each. faults.py breaks
every one of them and expects it to be noticed."""

import re

import network
from schema import check_document
from world import FLAG_DIRECTORY, JOBS, SERVERS, SERVICES, mebibytes, seconds

# Sessions besides the workers' own: runtime/server.cc's four loops, the directory's follower, due rows, projections.
BACKGROUND_SESSIONS = 8
# gRPC's own memory quota in runtime/channel.h; it may fill half of a pod.
GRPC_QUOTA_MIB = 256
# What an idle HTTPS connection of the gateway holds, as measured; and how many it accepts when no flag says.
TLS_CONNECTION_MIB = 75 / 1024
MAX_CONNECTIONS = 10_000
KNOWN_FLAGS = {
    "all": {
        "listen",
        "admin_listen",
        "token_keys_file",
        "drain",
        "drain_delay",
        "tls_cert_file",
        "tls_key_file",
        "tls_ca_file",
        "allow_plain_text",
    },
    "service": {
        "database",
        "database_schema",
        "database_user",
        "database_password_file",
        "database_tls_ca_file",
        "migrate",
        "db_threads",
        "max_pending",
        "master_key_file",
        "checkpoint_key_file",
    },
    "org-service": {"token_signing_key_file", "bootstrap"},
    "ticket-service": {"org_service", "service_login", "service_secret_file"},
    "appraisal-service": {"org_service", "service_login", "service_secret_file"},
    "gateway": {"grpc_listen", "backends", "descriptor_set", "max_connections"},
}


def allowed_flags(service):
    return KNOWN_FLAGS["all"] | KNOWN_FLAGS[service] | (KNOWN_FLAGS["service"] if service in SERVICES else set())


def known_keys(world):
    return [p for doc in world.docs for p in check_document(doc)]


def complete(world):
    """Every binary is deployed, every service migrated, nothing twice, everything in the namespace."""
    found = []
    names = [(d["kind"], d["metadata"]["name"]) for d in world.docs]
    found += [f"{kind}/{name}: twice" for kind, name in sorted({n for n in names if names.count(n) > 1})]
    wanted = [(k, s) for s in SERVERS for k in ("Deployment", "Service", "ServiceAccount")]
    wanted += [("Job", j) for j in JOBS + ("create-users", "bootstrap-org")] + [("Namespace", "qungong")]
    found += [f"{kind}/{name}: missing" for kind, name in wanted if (kind, name) not in names]
    found += [
        f"{d['kind']}/{d['metadata']['name']}: not in namespace qungong"
        for d in world.docs
        if d["kind"] != "Namespace" and d["metadata"].get("namespace") != "qungong"
    ]
    level = "pod-security.kubernetes.io/enforce"
    found += [
        "Namespace: does not enforce the restricted pod security standard"
        for d in world.of("Namespace")
        if d["metadata"].get("labels", {}).get(level) != "restricted"
    ]
    return found


def pod_security(world):
    found = []
    for w in world.workloads():
        pod, security = w.pod, w.pod["securityContext"]
        if security.get("runAsNonRoot") is not True or not security.get("runAsUser"):
            found.append(f"{w.title}: may run as root")
        if security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            found.append(f"{w.title}: no seccomp profile")
        if pod.get("automountServiceAccountToken") is not False:
            found.append(f"{w.title}: mounts a token for the API server")
        if pod.get("hostNetwork"):
            found.append(f"{w.title}: uses the host's network")
        if pod.get("enableServiceLinks") is not False:
            found.append(f"{w.title}: gets other services as environment variables")
        for c in w.containers:
            own = c["securityContext"]
            if own.get("allowPrivilegeEscalation") is not False or own.get("privileged"):
                found.append(f"{w.title}: may gain privileges")
            if own.get("readOnlyRootFilesystem") is not True:
                found.append(f"{w.title}: can write to its root file system")
            if own.get("capabilities") != {"drop": ["ALL"]}:
                found.append(f"{w.title}: keeps capabilities")
    return found


def service_accounts(world):
    found = [
        f"ServiceAccount/{d['metadata']['name']}: mounts its token"
        for d in world.of("ServiceAccount")
        if d.get("automountServiceAccountToken") is not False
    ]
    found += [
        f"{w.title}: does not run under its own account"
        for w in world.workloads("Deployment", "StatefulSet")
        if w.pod.get("serviceAccountName") != w.name
    ]
    return found


def resources(world):
    found = []
    for w in world.workloads():
        for c in w.containers:
            requests, limits = c["resources"].get("requests", {}), c["resources"].get("limits", {})
            if "memory" not in requests or requests["memory"] != limits.get("memory"):
                found.append(f"{w.title}: memory requested and memory allowed differ")
            if "cpu" in limits:
                found.append(f"{w.title}: has a CPU limit, which throttles when there is CPU to spare")
            if "cpu" not in requests:
                found.append(f"{w.title}: requests no CPU")
            if w.name in SERVERS and mebibytes(limits.get("memory", 0)) < 2 * GRPC_QUOTA_MIB:
                found.append(f"{w.title}: gRPC's memory quota may fill more than half of the pod")
    return found


def images(world):
    found = []
    for w in world.workloads():
        for c in w.containers:
            name, _, tag = c["image"].rpartition(":")
            if not name or tag == "latest":
                found.append(f"{w.title}: image {c['image']} has no fixed tag")
            if world.overlay == "prod" and w.service and (tag == "dev" or "/" not in name.removeprefix("qungong/")):
                found.append(f"{w.title}: image {c['image']} is the one for development")
        if w.name in SERVERS and w.service != w.name:
            found.append(f"{w.title}: runs the image of {w.service or 'something else'}")
    return found


def rollout(world):
    found = []
    for w in world.workloads("Deployment"):
        update = w.doc["spec"].get("strategy", {}).get("rollingUpdate", {})
        if update.get("maxUnavailable") != 0 or not update.get("maxSurge"):
            found.append(f"{w.title}: a roll takes a pod away before its successor is ready")
    for w in world.servers():
        flags = world.flags(w)
        drain = seconds(flags.get("drain", "")) + seconds(flags.get("drain_delay", ""))
        if not seconds(flags.get("drain_delay", "")):
            found.append(f"{w.title}: stops listening before clients have heard that it leaves")
        if w.pod.get("terminationGracePeriodSeconds", 30) <= drain + 5:
            found.append(f"{w.title}: is killed before it has drained ({drain:g} s and 5 s to spare)")
    return found


def probes(world):
    """Startup and liveness ask whether the process lives, readiness whether it can serve. Over gRPC where the port
    is plain; the kubelet's gRPC probe speaks no TLS, so with TLS, and at the gateway, at the admin port."""
    found = []
    for w in world.servers():
        container = w.containers[0]
        tls = bool(world.flags(w).get("tls_cert_file"))
        if w.name == "gateway" or tls:
            lives = {"httpGet": {"port": "admin", "path": "/livez"}}
            ready = {"httpGet": {"port": "admin", "path": "/readyz"}}
        else:
            lives = {"grpc": {"port": w.ports.get("grpc"), "service": ""}}
            ready = {"grpc": {"port": w.ports.get("grpc"), "service": "ready"}}
        for probe, wanted in (("startupProbe", lives), ("livenessProbe", lives), ("readinessProbe", ready)):
            asked = {k: v for k, v in container.get(probe, {}).items() if isinstance(v, dict)}
            if asked != wanted:
                found.append(f"{w.title}: {probe} asks {asked or 'nothing'}, must ask {wanted}")
    for w in world.workloads("StatefulSet"):
        c = w.containers[0]
        if not c.get("livenessProbe") or not c.get("readinessProbe"):
            found.append(f"{w.title}: has no probes")
    return found


def services(world):
    """Every Service finds pods; every gRPC port is behind a headless one, because HTTP/2 pins a client to one pod."""
    found = []
    for d in world.of("Service"):
        name, spec = d["metadata"]["name"], d["spec"]
        chosen = [w for w in world.workloads() if network.selects({"matchLabels": spec["selector"]}, w.labels)]
        if len(chosen) != 1:
            found.append(f"Service/{name}: selects {len(chosen)} workloads")
            continue
        for port in spec["ports"]:
            if port["targetPort"] not in chosen[0].ports:
                found.append(f"Service/{name}: {chosen[0].title} has no port {port['targetPort']}")
            if port["targetPort"] == "grpc" and spec.get("clusterIP") != "None":
                found.append(f"Service/{name}: a gRPC port that is not headless")
            if port["targetPort"] == "admin":
                found.append(f"Service/{name}: offers the admin port")
    for name in SERVICES + ("gateway-grpc",):
        if not any(
            p["targetPort"] == "grpc" for p in (world.get("Service", name) or {"spec": {"ports": []}})["spec"]["ports"]
        ):
            found.append(f"Service/{name}: offers no gRPC port")
    return found


def selectors(world):
    found = []
    for w in world.workloads("Deployment", "StatefulSet"):
        if not network.selects(w.doc["spec"]["selector"], w.labels):
            found.append(f"{w.title}: does not select its own pods")
        others = [
            o.title
            for o in world.workloads()
            if o.title != w.title and network.selects(w.doc["spec"]["selector"], o.labels)
        ]
        found += [f"{w.title}: also selects the pods of {o}" for o in others]
    return found


def volumes(world):
    """Every mount has its volume and every volume its mount; what a pod takes from a ConfigMap exists."""
    found = []
    generated = {d["metadata"]["name"] for d in world.of("ConfigMap") + world.of("Secret")}
    for w in world.workloads():
        own = {v["name"] for v in w.pod.get("volumes", [])}
        own |= {t["metadata"]["name"] for t in w.doc["spec"].get("volumeClaimTemplates", [])}
        mounted = {m["name"] for c in w.containers for m in c.get("volumeMounts", [])}
        found += [f"{w.title}: volume {n} is mounted but not there" for n in sorted(mounted - own)]
        found += [f"{w.title}: volume {n} is there but not mounted" for n in sorted(own - mounted)]
        for c in w.containers:
            found += [
                f"{w.title}: {m['mountPath']} can be written"
                for m in c.get("volumeMounts", [])
                if m["name"] in ("flags", "secrets", "sql", "settings") and m.get("readOnly") is not True
            ]
        for v in w.pod.get("volumes", []):
            name = v.get("configMap", {}).get("name")
            if name and name not in generated:
                found.append(f"{w.title}: ConfigMap {name} is not there")
            if name and not re.search(r"-[a-z0-9]{10}$", name):
                found.append(f"{w.title}: ConfigMap {name} has no hash, so a change would not roll the pods")
            if "projected" in v and v["projected"].get("defaultMode") != 0o440:
                found.append(f"{w.title}: its secrets are readable by anyone in the pod")
    return found


def flags(world):
    """Every flag is one that the binary knows, every file that a flag names is mounted, every port is the declared."""
    found = []
    for w in world.workloads():
        if not w.service:
            continue
        files, values = world.mounted_files(w), world.flags(w)
        for argument in w.containers[0].get("args", []):
            name, _, value = argument.lstrip("-").partition("=")
            if name == "flagfile":
                found += [f"{w.title}: flag file {p} is not mounted" for p in value.split(",") if files.get(p) is None]
        found += [f"{w.title}: unknown flag --{name}" for name in values if name not in allowed_flags(w.service)]
        # A migration opens the database and nothing else; only a server signs checkpoints.
        needed = {
            n: v
            for n, v in values.items()
            if (n.endswith("_file") or n == "bootstrap")
            and ("migrate" not in values or n.startswith(("database_", "tls_")))
            and (w.kind != "Job" or n != "checkpoint_key_file")
        }
        found += [f"{w.title}: --{n}={v} is not mounted" for n, v in needed.items() if v not in files]
        found += [
            f"{w.title}: --{n}={v} is configuration, not a secret"
            for n, v in needed.items()
            if v.startswith(FLAG_DIRECTORY)
        ]
    for w in world.servers():
        values, listens = world.flags(w), {"listen": "grpc", "admin_listen": "admin"}
        if w.name == "gateway":
            listens = {"listen": "http", "grpc_listen": "grpc", "admin_listen": "admin"}
        for flag, port in listens.items():
            if values.get(flag) != f"0.0.0.0:{w.ports.get(port)}":
                found.append(f"{w.title}: --{flag}={values.get(flag)} is not its port {port}")
        for flag in ("token_keys_file",) + (
            ("database_password_file", "master_key_file", "checkpoint_key_file") if w.name != "gateway" else ()
        ):
            if not values.get(flag):
                found.append(f"{w.title}: --{flag} is not set")
        schema = w.name.removesuffix("-service")
        if w.name != "gateway" and (values.get("database_schema"), values.get("database_user")) != (
            f"qungong_{schema}",
            f"{schema}_app",
        ):
            found.append(f"{w.title}: does not use its own schema with its own user")
    return found


def targets(world):
    """Every peer that a flag names is a headless Service of ours, resolved anew as pods come and go."""
    found = []
    for w in world.servers():
        values = world.flags(w)
        named = {"org_service": values["org_service"]} if "org_service" in values else {}
        if w.name == "gateway":
            named = dict(p.partition("=")[::2] for p in values.get("backends", "").split(",") if p)
            wanted = {f"qungong.{s.removesuffix('-service')}.v1": f"dns:///{s}:50051" for s in SERVICES}
            if named != wanted:
                found.append(f"{w.title}: --backends={named}, must be {wanted}")
        elif w.name != "org-service" and not named:
            found.append(f"{w.title}: --org_service is not set")
        for target in named.values():
            match = re.fullmatch(r"dns:///([a-z-]+):(\d+)", target)
            service = world.get("Service", match[1]) if match else None
            if not service or not any(p["port"] == int(match[2]) for p in service["spec"]["ports"]):
                found.append(f"{w.title}: {target} is no Service of ours by dns:///")
    return found
