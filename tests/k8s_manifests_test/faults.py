"""For every invariant a fault that breaks it. A check that notices none of these proves nothing."""

import copy

from world import World


def workload(world, name):
    return next(w for w in world.workloads() if w.name == name)


def spec(name):
    return lambda world: workload(world, name).doc["spec"]


def pod(name):
    return lambda world: workload(world, name).pod


def container(name):
    return lambda world: workload(world, name).containers[0]


def document(kind, name):
    return lambda world: world.get(kind, name)


def put(find, path, value):
    """Sets a dotted path below what `find` finds; numbers are list indices."""
    def fault(world):
        at, keys = find(world), [int(k) if k.isdigit() else k for k in path.split("/")]
        for key in keys[:-1]:
            at = at[key]
        at[keys[-1]] = value
    return fault


def drop(find, path):
    def fault(world):
        at, keys = find(world), [int(k) if k.isdigit() else k for k in path.split("/")]
        for key in keys[:-1]:
            at = at[key]
        del at[keys[-1]]
    return fault


def add(find, path, value):
    def fault(world):
        at = find(world)
        for key in path.split("/"):
            at = at.setdefault(key, [])
        at.append(value)
    return fault


def remove(kind, name):
    return lambda world: world.docs.remove(world.get(kind, name))


def edit(config, key, old, new):
    """Replaces text in a generated ConfigMap."""
    def fault(world):
        data = world.get("ConfigMap", config)["data"]
        assert old in data[key], f"{config}/{key} has no {old!r}"
        data[key] = data[key].replace(old, new)
    return fault


def rewrite(file, old, new):
    """Replaces text in one of the project's files."""
    def fault(world):
        assert old in world.project[file], f"{file} has no {old!r}"
        world.project[file] = world.project[file].replace(old, new)
    return fault


def mount_secret(name, secret):
    """Gives a pod one more secret."""
    def fault(world):
        volume = next(v for v in workload(world, name).pod["volumes"] if "projected" in v)
        volume["projected"]["sources"].append({"secret": {"name": secret, "items": [{"key": "k", "path": "p"}]}})
    return fault


def unmount_secret(name, secret):
    def fault(world):
        for volume in workload(world, name).pod["volumes"]:
            sources = volume.get("projected", {}).get("sources", [])
            sources[:] = [s for s in sources if not s["secret"]["name"].startswith(secret)]
    return fault


def both(*faults):
    return lambda world: [fault(world) for fault in faults]


def policy(name):
    return lambda world: world.get("NetworkPolicy", name)["spec"]


def open_to(name, **peer):
    return add(policy(name), "ingress", {"from": [peer] if peer else []} if peer else {})


ORG, GATEWAY = "org-service", "gateway"
ANY = {"podSelector": {}}

# check, what its message must contain, overlay, fault
FAULTS = [
    ("known_keys", "replica: unknown key", "base", put(spec(ORG), "replica", 3)),
    ("known_keys", "readOnlyRootFileSystem: unknown key", "base",
     put(container(ORG), "securityContext/readOnlyRootFileSystem", True)),
    ("known_keys", "strategy.maxSurge: unknown key", "base", put(spec(ORG), "strategy/maxSurge", 1)),
    ("known_keys", "image: missing", "base", drop(container(ORG), "image")),
    ("known_keys", "must be int", "base", put(spec(ORG), "replicas", "3")),
    ("known_keys", "must be int", "base", put(spec(ORG), "replicas", True)),
    ("known_keys", "must be a list", "base", put(container(ORG), "args", "--migrate")),
    ("known_keys", "must be a mapping", "base", put(pod(ORG), "securityContext", [])),
    ("known_keys", "unknown kind", "base", put(document("Service", ORG), "apiVersion", "v2")),
    ("complete", "Deployment/ticket-service: missing", "base", remove("Deployment", "ticket-service")),
    ("complete", "Job/migrate-ticket: missing", "base", remove("Job", "migrate-ticket")),
    ("complete", "Job/create-users: missing", "base", remove("Job", "create-users")),
    ("complete", "twice", "base", lambda world: world.docs.append(world.get("Service", ORG))),
    ("complete", "not in namespace", "base", put(document("Service", ORG), "metadata/namespace", "default")),
    ("complete", "does not enforce", "base", drop(document("Namespace", "qungong"), "metadata/labels")),
    ("pod_security", "may run as root", "base", put(pod(ORG), "securityContext/runAsNonRoot", False)),
    ("pod_security", "may run as root", "base", put(pod("migrate-org"), "securityContext/runAsUser", 0)),
    ("pod_security", "no seccomp", "dev", drop(pod("mariadb"), "securityContext/seccompProfile")),
    ("pod_security", "token for the API", "base", drop(pod(ORG), "automountServiceAccountToken")),
    ("pod_security", "host's network", "base", put(pod(ORG), "hostNetwork", True)),
    ("pod_security", "environment variables", "base", drop(pod(ORG), "enableServiceLinks")),
    ("pod_security", "gain privileges", "base", drop(container(ORG), "securityContext/allowPrivilegeEscalation")),
    ("pod_security", "gain privileges", "base", put(container(ORG), "securityContext/privileged", True)),
    ("pod_security", "can write to its root", "prod",
     put(container(ORG), "securityContext/readOnlyRootFilesystem", False)),
    ("pod_security", "keeps capabilities", "base",
     put(container(ORG), "securityContext/capabilities/add", ["NET_RAW"])),
    ("service_accounts", "mounts its token", "base",
     put(document("ServiceAccount", ORG), "automountServiceAccountToken", True)),
    ("service_accounts", "own account", "base", put(pod(ORG), "serviceAccountName", GATEWAY)),
    ("resources", "memory requested", "base", put(container(ORG), "resources/requests/memory", "64Mi")),
    ("resources", "CPU limit", "base", put(container(ORG), "resources/limits/cpu", "1")),
    ("resources", "requests no CPU", "base", drop(container(ORG), "resources/requests/cpu")),
    ("resources", "more than half", "base", put(container(ORG), "resources", {
        "requests": {"cpu": "1", "memory": "256Mi"}, "limits": {"memory": "256Mi"}})),
    ("images", "no fixed tag", "base", put(container(ORG), "image", "qungong/org-service")),
    ("images", "no fixed tag", "dev", put(container("mariadb"), "image", "mariadb:latest")),
    ("images", "for development", "prod", put(container("migrate-org"), "image", "qungong/org-service:dev")),
    ("images", "runs the image of", "base", put(container(ORG), "image", "qungong/ticket-service:dev")),
    ("rollout", "takes a pod away", "base", put(spec(ORG), "strategy/rollingUpdate/maxUnavailable", 1)),
    ("rollout", "killed before", "base", put(pod(ORG), "terminationGracePeriodSeconds", 20)),
    ("rollout", "killed before", "base", edit("org-service-flags", "service.flags", "--drain=10s", "--drain=25s")),
    ("rollout", "stops listening", "base",
     edit("gateway-flags", "gateway.flags", "--drain_delay=5s", "--drain_delay=0s")),
    ("probes", "readinessProbe asks", "base", put(container(ORG), "readinessProbe/grpc/service", "")),
    ("probes", "livenessProbe asks", "base", put(container(ORG), "livenessProbe/grpc/service", "ready")),
    ("probes", "startupProbe asks nothing", "base", drop(container(ORG), "startupProbe")),
    ("probes", "livenessProbe asks", "base", put(container(GATEWAY), "livenessProbe/httpGet/path", "/readyz")),
    ("probes", "livenessProbe asks", "prod",
     put(container(ORG), "livenessProbe", {"grpc": {"port": 50051, "service": ""}})),
    ("probes", "has no probes", "dev", drop(container("mariadb"), "livenessProbe")),
    ("services", "not headless", "base", drop(document("Service", ORG), "spec/clusterIP")),
    ("services", "selects 0", "base", put(document("Service", ORG), "spec/selector", {"app": "x"})),
    ("services", "has no port", "base", put(document("Service", ORG), "spec/ports/0/targetPort", "grcp")),
    ("services", "offers the admin", "base", put(document("Service", ORG), "spec/ports/0/targetPort", "admin")),
    ("services", "offers no gRPC", "base", remove("Service", "gateway-grpc")),
    ("selectors", "does not select its own", "base", put(spec(ORG), "selector/matchLabels", {"app": "x"})),
    ("selectors", "also selects", "base",
     put(spec(ORG), "selector/matchLabels", {"app.kubernetes.io/component": "service"})),
    ("volumes", "mounted but not there", "base", put(container(ORG), "volumeMounts/0/name", "flag")),
    ("volumes", "there but not mounted", "base", drop(container(ORG), "volumeMounts/1")),
    ("volumes", "can be written", "base", put(container(ORG), "volumeMounts/1/readOnly", False)),
    ("volumes", "is not there", "base", remove("ConfigMap", "org-service-flags")),
    ("volumes", "no hash", "base", put(pod(ORG), "volumes/0/configMap/name", "org-service-flags")),
    ("volumes", "readable by anyone", "base", put(pod(ORG), "volumes/1/projected/defaultMode", 0o444)),
    ("flags", "unknown flag --db_thread", "base",
     edit("org-service-flags", "service.flags", "--db_threads", "--db_thread")),
    ("flags", "unknown flag --database", "base", edit("gateway-flags", "site.flags", "#", "--database=mariadb:3306 #")),
    ("flags", "flag file", "base", put(container(ORG), "args/1", "--flagfile=/etc/qungong/flags/org.flags")),
    ("flags", "is not mounted", "base", unmount_secret(ORG, "token-signing-key")),
    ("flags", "is not mounted", "base", unmount_secret(ORG, "org-checkpoint-key")),
    ("flags", "is not mounted", "prod", unmount_secret("ticket-service", "ticket-service-tls")),
    ("flags", "not a secret", "base", edit("org-service-flags", "service.flags", "/etc/qungong/secrets/master-keys",
                                           "/etc/qungong/flags/service.flags")),
    ("flags", "is not its port", "base", edit("org-service-flags", "service.flags", "0.0.0.0:9090", "0.0.0.0:9091")),
    ("flags", "is not its port", "base",
     edit("gateway-flags", "gateway.flags", "--grpc_listen=0.0.0.0", "--grpc_listen=127.0.0.1")),
    ("flags", "--master_key_file is not set", "base",
     edit("org-service-flags", "service.flags", "--master_key_file", "#")),
    ("flags", "its own schema", "base", edit("org-service-flags", "org-service.flags", "org_app", "ticket_app")),
    ("targets", "--backends", "base",
     edit("gateway-flags", "gateway.flags", "dns:///org-service", "dns:///ticket-service")),
    ("targets", "no Service of ours", "base", edit("ticket-service-flags", "ticket-service.flags", "dns:///", "")),
    ("targets", "--org_service is not set", "base",
     edit("ticket-service-flags", "ticket-service.flags", "--org_service", "#")),
    ("secrets_as_files", "whole object", "base", put(container(ORG), "envFrom", [{"secretRef": {"name": "x"}}])),
    ("secrets_as_files", "in the environment", "base", put(container(ORG), "env", [{"name": "A", "valueFrom": {}}])),
    ("secrets_as_files", "in the environment", "dev", put(container("mariadb"), "env/0/name", "MARIADB_ROOT_PASSWORD")),
    ("secrets_as_files", "on the command line", "base", add(container(ORG), "args", "--database_password=hunter2")),
    ("secrets_as_files", "only the dev overlay", "prod", lambda world: world.docs.append(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x", "namespace": "qungong"}, "data": {}})),
    ("secrets_as_files", "no warning", "dev", drop(document("Secret", "org-app-password"), "metadata/annotations")),
    ("secrets_as_files", "is empty", "dev", put(document("Secret", "org-app-password"), "data/password", "")),
    ("secrets_as_files", "private key", "base",
     edit("org-service-flags", "site.flags", "#", "# -----BEGIN EC PRIVATE KEY-----")),
    ("least_secrets", "must not have org-ddl-password", "base", mount_secret(ORG, "org-ddl-password")),
    ("least_secrets", "must not have token-signing-key", "base", mount_secret("ticket-service", "token-signing-key")),
    ("least_secrets", "must not have org-checkpoint-key", "base", mount_secret("ticket-service", "org-checkpoint-key")),
    ("least_secrets", "must not have org-master-keys", "base", mount_secret("ticket-service", "org-master-keys")),
    ("least_secrets", "must not have database-admin", "base", mount_secret("migrate-org", "database-admin")),
    ("least_secrets", "must not have org-app-password", "base", mount_secret(GATEWAY, "org-app-password")),
    ("least_secrets", "lacks ticket-ddl-password", "base", unmount_secret("create-users", "ticket-ddl-password")),
    ("least_secrets", "would start without", "base",
     put(pod(ORG), "volumes/1/projected/sources/0/secret/optional", True)),
    ("least_secrets", "is not generated", "dev", remove("Secret", "org-master-keys")),
    ("migrations", "does not migrate", "base", put(container("migrate-org"), "args/3", "--max_pending=1")),
    ("migrations", "own DDL user", "base", put(container("migrate-org"), "args/4", "--database_user=ticket_ddl")),
    ("migrations", "stays for ever", "base", drop(spec("migrate-org"), "ttlSecondsAfterFinished")),
    ("migrations", "gives up", "base", drop(spec("create-users"), "backoffLimit")),
    ("migrations", "is lost", "base", put(pod("migrate-org"), "restartPolicy", "OnFailure")),
    ("migrations", "starts a server", "base", drop(container("bootstrap-org"), "args/3")),
    ("create_users", "is not set", "base", edit("database-users", "users.sql", "${ORG_DDL_PASSWORD}", "x")),
    ("create_users", "placeholder", "base", edit("database-users", "users.sql", "'${ORG_DDL_PASSWORD}'",
                                                 "'${ORG_DDL_PASSWORD}${ORG_PASSWORD}'")),
    ("create_users", "script fails", "base", put(container("create-users"), "args/0", "exit 3")),
    ("bootstrap", "no password file", "base", edit("bootstrap", "bootstrap.json", "secrets/audit-admin", "secrets/audit")),
    ("bootstrap", "three administrators", "base", edit("bootstrap", "bootstrap.json", "AUDIT_ADM", "SYSTEM_ADM")),
    ("bootstrap", "three administrators", "base",
     edit("bootstrap", "bootstrap.json", '["REGISTRAR"]', '["REGISTRAR", "AUDITOR"]')),
    ("bootstrap", "other people", "base", rewrite("qungong", 'person("registrar"', 'person("clerk"')),
    ("bootstrap", "ticket-service is no service account", "base",
     edit("bootstrap", "bootstrap.json", '"login": "ticket-service"', '"login": "tickets"')),
    ("bootstrap", "is missing", "base", remove("ConfigMap", "bootstrap")),
    ("connections", "nobody says", "prod", drop(document("NetworkPolicy", "database-clients"), "metadata/annotations")),
    ("connections", "are needed, 500", "prod", put(spec("ticket-service"), "replicas", 40)),
    ("connections", "are needed, 500", "dev",
     edit("org-service-flags", "service.flags", "--db_threads=8", "--db_threads=400")),
    ("connections", "are needed, 20", "dev",
     edit("mariadb-settings", "mariadb.cnf", "max_connections = 500", "max_connections = 20")),
    ("database", "does not run with", "dev", drop(pod("mariadb"), "volumes/0")),
    ("database", "two servers", "dev", put(spec("mariadb"), "replicas", 2)),
    ("database", "loses its data", "dev", drop(spec("mariadb"), "volumeClaimTemplates")),
    ("database", "missing", "dev", remove("StatefulSet", "mariadb")),
    ("database", "only the dev", "prod", lambda world: world.docs.append(
        {**copy.deepcopy(world.get("Deployment", ORG)), "kind": "StatefulSet"})),
    ("database", "nothing uses it", "prod", lambda world: world.docs.append(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mariadb-settings"}, "data": {}})),
    ("overlay", "on a small cluster", "dev", put(spec(ORG), "replicas", 3)),
    ("overlay", "one replica", "prod", put(spec(ORG), "replicas", 1)),
    ("overlay", "disruption budget", "prod", remove("PodDisruptionBudget", ORG)),
    ("overlay", "disruption budget", "prod", put(document("PodDisruptionBudget", ORG), "spec/minAvailable", 2)),
    ("overlay", "not spread", "prod", drop(pod(ORG), "topologySpreadConstraints/1")),
    ("overlay", "one node", "prod", put(pod(ORG), "topologySpreadConstraints/0/whenUnsatisfiable", "ScheduleAnyway")),
    ("overlay", "--tls_key_file is not set", "prod", edit("gateway-flags", "site.flags", "--tls_key_file", "#")),
    ("overlay", "not outside", "prod", edit("org-service-flags", "site.flags", "database.example.internal", "mariadb")),
    ("overlay", "--database_tls_ca_file is not set", "prod",
     edit("org-service-flags", "site.flags", "--database_tls_ca_file", "#")),
    ("encryption", "would not start", "dev", edit("ticket-service-flags", "site.flags", "--allow_plain_text", "#")),
    ("encryption", "would not start", "base", edit("gateway-flags", "site.flags", "--allow_plain_text", "#")),
    ("encryption", "would not start", "prod", edit("org-service-flags", "site.flags", "--database_tls_ca_file", "#")),
    ("encryption", "is for development", "prod",
     edit("gateway-flags", "site.flags", "--tls_ca_file", "--allow_plain_text\n--tls_ca_file")),
    ("encryption", "would fill its memory", "prod", edit("gateway-flags", "site.flags", "--max_connections", "#")),
    ("dockerfile", "base is not", "base", rewrite("Dockerfile", "debian:bookworm-slim", "debian:latest")),
    ("dockerfile", "other packages", "base", rewrite("Dockerfile", "libcjose-dev", "")),
    ("dockerfile", "other packages", "base", rewrite("qungong", "libcjose-dev", "libjwt-dev")),
    ("dockerfile", "with its own user", "base", rewrite("Dockerfile", "USER 65532:65532", "")),
    ("dockerfile", "development packages", "base", rewrite("Dockerfile", "libcjose0", "libcjose-dev")),
    ("dockerfile", "not stripped", "base", rewrite("Dockerfile", "install --strip", "install")),
    ("dockerfile", "target gateway", "base", rewrite("Dockerfile", "FROM runtime AS gateway", "FROM build AS gateway")),
    ("dockerfile", "--descriptor_set", "base",
     edit("gateway-flags", "gateway.flags", "qungong.protoset", "x.protoset")),
    ("network", "open, must be closed: internet → org-service", "base", open_to(ORG)),
    ("network", "open, must be closed: stranger → org-service", "base", open_to(ORG, namespaceSelector={})),
    ("network", "open, must be closed: org-service → internet", "base", add(policy("dns"), "egress", {})),
    ("network", "open, must be closed: org-service → other-system-pod", "base",
     drop(policy("dns"), "egress/0/to/0/podSelector")),
    ("network", "open, must be closed: stranger → gateway → TCP → 50051", "base",
     put(policy("gateway"), "ingress/1/from/0/namespaceSelector", {})),
    ("network", "open, must be closed: internet → gateway → TCP → 9090", "base",
     drop(policy("gateway"), "ingress/0/ports")),
    ("network", "open, must be closed: internet → migrate-org", "base", remove("NetworkPolicy", "deny-all")),
    ("network", "closed, must be open: ticket-service → org-service", "base", drop(policy("ticket-service"), "egress")),
    ("network", "closed, must be open: gateway → org-service", "base", remove("NetworkPolicy", ORG)),
    ("network", "closed, must be open: prometheus → org-service", "base", remove("NetworkPolicy", "scrape")),
    ("network", "closed, must be open: org-service → mariadb", "dev", remove("NetworkPolicy", "mariadb")),
    ("network", "closed, must be open: org-service → kube-dns → UDP", "base", drop(policy("dns"), "egress/0/ports/0")),
    ("network", "closed, must be open: org-service → database-host", "prod",
     put(policy("database-clients"), "egress/0/to/0/ipBlock/cidr", "198.51.100.0/24")),
    ("network", "open, must be closed: gateway → mariadb", "dev",
     both(put(policy("database-clients"), "podSelector", {}), put(policy("mariadb"), "ingress/0/from/0", ANY))),
]


def undetected(worlds, checks):
    """The faults that their check does not notice, and the checks that have no fault."""
    found = [f"{name} has no fault that shows it can fail" for name in checks if name not in {f[0] for f in FAULTS}]
    for number, (name, fragment, overlay, fault) in enumerate(FAULTS):
        world = World(overlay, copy.deepcopy(worlds[overlay].docs), dict(worlds[overlay].project))
        fault(world)
        problems = checks[name](world)
        if not any(fragment in p for p in problems):
            found.append(f"fault {number}: {name} does not say {fragment!r} but {problems[:3]}")
    return found
