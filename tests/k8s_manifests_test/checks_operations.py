"""More invariants: secrets, migrations, the database, and what only one overlay promises."""

import base64
import json
import re
import subprocess

import network
from world import SERVERS, SERVICES, mebibytes
from checks import BACKGROUND_SESSIONS, GRPC_QUOTA_MIB, MAX_CONNECTIONS, TLS_CONNECTION_MIB

USERS = [f"{s}-{kind}-password" for s in ("org", "ticket", "appraisal") for kind in ("app", "ddl")]


def secrets_as_files(world):
    """Secrets reach a process as files: an environment or a command line can be read from outside of it."""
    found = []
    for w in world.workloads():
        for c in w.containers:
            if c.get("envFrom"):
                found.append(f"{w.title}: takes a whole object into its environment")
            for variable in c.get("env", []):
                suspicious = re.search("PASSWORD|SECRET|TOKEN|KEY", variable["name"])
                if "valueFrom" in variable or suspicious and not variable["name"].endswith("_FILE"):
                    found.append(f"{w.title}: {variable['name']} is a secret in the environment")
        for name, value in (world.flags(w) if w.service else {}).items():
            if re.search("password|secret|key", name) and not name.endswith("_file"):
                found.append(f"{w.title}: --{name} is a secret on the command line")
    warning = "qungong/warning"
    for d in world.of("Secret"):
        if world.overlay != "dev":
            found.append(f"Secret/{d['metadata']['name']}: only the dev overlay may hold secrets")
        elif "never use in production" not in d["metadata"].get("annotations", {}).get(warning, ""):
            found.append(f"Secret/{d['metadata']['name']}: carries no warning")
        elif any(not base64.b64decode(v) for v in d.get("data", {}).values()):
            found.append(f"Secret/{d['metadata']['name']}: is empty")
    for d in world.of("ConfigMap"):
        if any(re.search(r"BEGIN [A-Z ]*PRIVATE KEY|\"d\":", text) for text in d["data"].values()):
            found.append(f"ConfigMap/{d['metadata']['name']}: holds a private key")
    return found


def least_secrets(world):
    """Who may have which secret, exactly."""
    found = []
    for w in world.workloads():
        schema = w.service.removesuffix("-service")
        tls = {f"{w.service}-tls"} | ({"database-ca"} if w.service in SERVICES else set())
        may_lack = tls | {"database-ca"}
        server = {"token-keys", f"{schema}-app-password", f"{schema}-master-keys"}
        if w.name in SERVICES:
            own = "token-signing-key" if schema == "org" else f"{w.name}-login"
            allowed = tls | server | {f"{schema}-checkpoint-key", own}
        elif w.name == "gateway":
            allowed = tls | {"token-keys"}
        elif w.name == "bootstrap-org":
            allowed = tls | server | {"token-signing-key", "administrators"} | {f"{s}-login" for s in SERVICES[1:]}
        elif w.name == "create-users":
            allowed = {"database-admin", "database-ca", *USERS}
        elif w.kind == "Job":
            allowed = tls | {f"{schema}-ddl-password"}
        else:
            allowed = {"database-admin"}
        mounted = {name for name, _ in w.secrets}
        found += [f"{w.title}: must not have {n}" for n in sorted(mounted - allowed)]
        found += [f"{w.title}: lacks {n}" for n in sorted(allowed - mounted)]
        found += [f"{w.title}: would start without {n}" for n, optional in w.secrets if optional and n not in may_lack]
        for name in mounted:
            if world.overlay == "dev" and name not in may_lack and not world.get("Secret", name):
                found.append(f"{w.title}: Secret {name} is not generated")
    return found


def migrations(world):
    """One Job per service, with its own DDL user; it is tried again, cleaned up, and leaves its log."""
    found = []
    for service in SERVICES:
        schema = service.removesuffix("-service")
        for w in world.workloads("Job"):
            if w.name != f"migrate-{schema}":
                continue
            values = world.flags(w)
            if w.service != service or "migrate" not in values:
                found.append(f"{w.title}: does not migrate {service}")
            if (values.get("database_schema"), values.get("database_user")) != (f"qungong_{schema}", f"{schema}_ddl"):
                found.append(f"{w.title}: does not use its own schema with its own DDL user")
    for w in world.workloads("Job"):
        spec = w.doc["spec"]
        if not spec.get("ttlSecondsAfterFinished"):
            found.append(f"{w.title}: stays for ever, and a Job cannot be changed")
        if spec.get("backoffLimit", 0) < 6:
            found.append(f"{w.title}: gives up before the database is up")
        if w.pod.get("restartPolicy") != "Never":
            found.append(f"{w.title}: the log of a failed try is lost")
        if w.service and "migrate" not in world.flags(w) and "bootstrap" not in world.flags(w):
            found.append(f"{w.title}: starts a server")
    return found


def create_users(world):
    """The Job's own script, run here with cat for the client: every password is put in, nothing is left open."""
    sql = (world.get("ConfigMap", "database-users") or {"data": {}})["data"].get("users.sql", "")
    job = next((w for w in world.workloads("Job") if w.name == "create-users"), None)
    if not job or not sql:
        return ["create-users: Job or users.sql is missing"]
    container = job.containers[0]
    setup = f"""
      d=$(mktemp -d); trap 'rm -r "$d"' EXIT; mkdir "$d/sql" "$d/secrets"; cat >"$d/sql/users.sql"
      for name in {' '.join(u.upper().replace('-', '_') for u in USERS)}; do
        echo "pw-of-$name" >"$d/secrets/$name"
      done
      mariadb() {{ cat; }}; export -f mariadb
      script=${{1//\\/etc\\/qungong/$d}}; shift; "$@" "$script" """
    ran = subprocess.run(
        ["bash", "-c", setup, "bash", container["args"][0], *container["command"]],
        input=sql,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    if ran.returncode:
        return [f"create-users: the script fails: {ran.stderr.strip()}"]
    statements = "\n".join(line for line in ran.stdout.splitlines() if not line.startswith("--"))
    found = [
        f"create-users: {u} is not set" for u in USERS if f"'pw-of-{u.upper().replace('-', '_')}'" not in statements
    ]
    return found + (["create-users: a placeholder is left"] if "${" in statements else [])


def bootstrap(world):
    """The first accounts: the three administrators exclude one another, every service that signs in has its account,
    and every password comes from a mounted secret."""
    job = next((w for w in world.workloads("Job") if w.name == "bootstrap-org"), None)
    files = world.mounted_files(job) if job else {}
    text = files.get(world.flags(job).get("bootstrap")) if job else None
    if not text:
        return ["bootstrap-org: Job or bootstrap.json is missing"]
    accounts = {a["login"]: a for a in json.loads(text)["accounts"]}
    found = [
        f"bootstrap.json: {login} has no password file in the pod"
        for login, a in accounts.items()
        if a["passwordFile"] not in files
    ]
    roles = [role for a in accounts.values() for role in a["roles"] if role.endswith("_ADMINISTRATOR")]
    if sorted(roles) != ["AUDIT_ADMINISTRATOR", "SECURITY_ADMINISTRATOR", "SYSTEM_ADMINISTRATOR"] or any(
        len(a["roles"]) != 1 for a in accounts.values()
    ):
        found.append("bootstrap.json: not one account for each of the three administrators")
    script = set(re.findall(r"\bperson\(\"([^\"]+)\"", world.project["qungong"]))
    if script != {login for login, a in accounts.items() if a["kind"] == "PERSON"}:
        found.append(f"bootstrap.json: other people than ./qungong, which has {' '.join(sorted(script))}")
    logins = {world.flags(w)["service_login"] for w in world.servers() if "service_login" in world.flags(w)}
    services = {login for login, a in accounts.items() if (a["kind"], a["roles"]) == ("SERVICE", ["SERVICE"])}
    return found + [f"bootstrap.json: {login} is no service account" for login in sorted(logins ^ services)]


def max_connections(world):
    """What the database accepts: the server's own settings, or what the overlay says of a server outside."""
    if world.overlay == "prod":
        policy = world.get("NetworkPolicy", "database-clients") or {"metadata": {}}
        said = policy["metadata"].get("annotations", {}).get("qungong/database-max-connections")
    else:
        settings = (world.get("ConfigMap", "mariadb-settings") or {"data": {}})["data"].get("mariadb.cnf", "")
        match = re.search(r"^max_connections\s*=\s*(\d+)", settings, re.M)
        said = match and match[1]
    return int(said) if said else None


def connections(world):
    """replicas × (workers + background sessions), while every Deployment rolls at once and every Job runs, and
    replicas × db_threads × 3 + jobs, the rule of thumb: both fit into the database."""
    limit, jobs = max_connections(world), len(world.workloads("Job"))
    if limit is None:
        return ["nobody says how many connections the database accepts"]
    rolling, plain = jobs, jobs
    for w in world.servers():
        if w.name == "gateway":
            continue
        threads = int(world.flags(w).get("db_threads", 8))
        replicas = w.doc["spec"]["replicas"]
        surge = w.doc["spec"].get("strategy", {}).get("rollingUpdate", {}).get("maxSurge", 1)
        rolling += (replicas + int(surge)) * (threads + BACKGROUND_SESSIONS)
        plain = max(plain, replicas * threads * 3 + jobs)
    worst = max(rolling, plain)
    return [f"{worst} connections are needed, {limit} are there"] if worst >= limit else []


def database(world):
    """In dev the server runs with the settings that the services insist on; elsewhere there is none."""
    servers = world.workloads("StatefulSet")
    if world.overlay != "dev":
        found = [f"{w.title}: only the dev overlay brings a database" for w in servers]
        if world.overlay == "prod" and world.get("ConfigMap", "mariadb-settings"):
            found.append("ConfigMap/mariadb-settings: nothing uses it here")
        return found
    found = []
    for w in servers:
        if world.mounted_files(w).get("/etc/mysql/conf.d/mariadb.cnf") is None:
            found.append(f"{w.title}: does not run with k8s/database/mariadb.cnf")
        if w.doc["spec"]["replicas"] != 1:
            found.append(f"{w.title}: two servers on two volumes are two databases")
        if not w.doc["spec"].get("volumeClaimTemplates"):
            found.append(f"{w.title}: loses its data with its pod")
    return found if servers else ["StatefulSet/mariadb: missing"]


def overlay(world):
    """What prod promises beyond base: several of each, held apart, disturbed one by one, TLS, its own database."""
    found = []
    if world.overlay != "prod":
        return [
            f"{w.title}: {w.doc['spec']['replicas']} replicas on a small cluster"
            for w in world.servers()
            if w.doc["spec"]["replicas"] != 1
        ]
    for w in world.servers():
        if w.doc["spec"]["replicas"] < 2:
            found.append(f"{w.title}: one replica")
        budgets = [
            d["spec"] for d in world.of("PodDisruptionBudget") if network.selects(d["spec"]["selector"], w.labels)
        ]
        if [b.get("minAvailable") for b in budgets] != [1]:
            found.append(f"{w.title}: needs one disruption budget that keeps one pod")
        spread = {
            c["topologyKey"]: c
            for c in w.pod.get("topologySpreadConstraints", [])
            if network.selects(c.get("labelSelector", {}), w.labels)
            and "app.kubernetes.io/name" in c.get("matchLabelKeys", [])
        }
        if set(spread) != {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}:
            found.append(f"{w.title}: is not spread over nodes and zones")
        elif spread["kubernetes.io/hostname"]["whenUnsatisfiable"] != "DoNotSchedule":
            found.append(f"{w.title}: all its pods may stand on one node")
    for w in world.workloads():
        values = world.flags(w) if w.service else {}
        if w.service:
            files = ["tls_cert_file", "tls_key_file", "tls_ca_file"]
            files += ["database_tls_ca_file"] if w.service in SERVICES else []
            found += [f"{w.title}: --{f} is not set" for f in files if not values.get(f)]
        if w.service in SERVICES and values.get("database", "").split(":")[0] in ("", "unix", "mariadb", "localhost"):
            found.append(f"{w.title}: --database={values.get('database')} is not outside the cluster")
    return found


def encryption(world):
    """Without certificates every process would refuse to start, unless told that its network is private, and that no
    installation of real data may say."""
    found = []
    for w in world.workloads():
        values = world.flags(w) if w.service else {}
        allowed = values.get("allow_plain_text", "false") in ("", "true")
        needed = ["database_tls_ca_file"] if w.service in SERVICES else []
        needed += ["tls_cert_file"] if w.name in SERVERS else []
        if w.service and not allowed and not all(values.get(f) for f in needed):
            found.append(f"{w.title}: has neither certificates nor --allow_plain_text and would not start")
        if allowed and world.overlay == "prod":
            found.append(f"{w.title}: --allow_plain_text is for development")
    for w in world.servers():
        values, limits = world.flags(w), w.containers[0]["resources"].get("limits", {})
        if w.name == "gateway" and values.get("tls_cert_file"):
            connections = int(values.get("max_connections", MAX_CONNECTIONS))
            if connections * TLS_CONNECTION_MIB + GRPC_QUOTA_MIB > mebibytes(limits.get("memory", 0)):
                found.append(f"{w.title}: {connections} idle HTTPS connections would fill its memory")
    return found


def dockerfile(world):
    """One target per binary on the same bare Debian, built from the packages that ./qungong installs."""
    text = world.project["Dockerfile"].replace("\\\n", " ")
    stages, name = {}, ""
    for line in text.splitlines():
        if match := re.fullmatch(r"FROM (\S+) AS (\S+)", line):
            name = match[2]
            stages[name] = [line]
        elif name and line and not line.startswith("#"):
            stages[name].append(line)
    found = [] if "ARG BASE=debian:bookworm-slim" in text else ["Dockerfile: the base is not debian:bookworm-slim"]
    listed = re.search(r"no-install-recommends(.*?)&&", " ".join(stages.get("build", [])), re.S)
    script = world.project["qungong"].replace("\\\n", " ")
    wanted = set(re.search(r"^    build\).*?echo(.*?);;", script, re.S | re.M)[1].split())
    differing = (set(listed[1].split()) if listed else set()) ^ wanted
    if differing:
        found.append(f"Dockerfile: other packages than ./qungong: {' '.join(sorted(differing))}")
    runtime = stages.get("runtime", [""])
    if runtime[0] != "FROM ${BASE} AS runtime" or runtime[-1] != "USER 65532:65532":
        found.append("Dockerfile: the runtime stage is not the bare base with its own user")
    if re.search(r"\S-dev\b|g\+\+ ", " ".join(runtime)):
        found.append("Dockerfile: development packages in the runtime stage")
    if "--strip" not in " ".join(stages.get("build", [])):
        found.append("Dockerfile: the binaries are not stripped")
    for server in SERVERS:
        stage = stages.get(server, [""])
        if (
            stage[0] != f"FROM runtime AS {server}"
            or f'ENTRYPOINT ["/usr/local/bin/{server}"]' not in stage
            or f"COPY --from=binaries /out/{server} /usr/local/bin/{server}" not in stage
        ):
            found.append(f"Dockerfile: target {server} is not the runtime stage and one binary")
    gateway = next(w for w in world.servers() if w.name == "gateway")
    if f"{world.flags(gateway).get('descriptor_set')}" not in " ".join(stages.get("gateway", [])):
        found.append("Dockerfile: the gateway's --descriptor_set is not in its image")
    return found
