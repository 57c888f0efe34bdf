"""Who can reach whom: the meaning of the NetworkPolicies, computed, and compared with what it should be."""

import ipaddress
from dataclasses import dataclass, field

from world import SERVERS, SERVICES


@dataclass(frozen=True)
class Peer:
    """A pod of ours (`ours`), a pod of another namespace, or an address outside."""

    name: str
    ours: bool = False
    labels: dict = field(default_factory=dict, hash=False)
    namespace: dict = field(default_factory=dict, hash=False)
    address: str = ""


STRANGERS = (
    Peer("internet", address="203.0.113.9"),
    Peer("database-host", address="192.0.2.5"),
    Peer("kube-dns", labels={"k8s-app": "kube-dns"}, namespace={"kubernetes.io/metadata.name": "kube-system"}),
    Peer("other-system-pod", labels={"app": "x"}, namespace={"kubernetes.io/metadata.name": "kube-system"}),
    Peer("prometheus", labels={"app": "prometheus"}, namespace={"kubernetes.io/metadata.name": "monitoring"}),
    Peer("grpc-client", labels={"app": "x"}, namespace={"qungong/grpc": "client"}),
    Peer(
        "stranger",
        labels={"app.kubernetes.io/name": "gateway", "qungong/database": "client"},
        namespace={"kubernetes.io/metadata.name": "other"},
    ),
)
PORTS = (("TCP", 53), ("UDP", 53), ("TCP", 443), ("TCP", 3306), ("TCP", 8080), ("TCP", 9090), ("TCP", 50051))


def selects(selector, labels):
    for key, value in selector.get("matchLabels", {}).items():
        if labels.get(key) != value:
            return False
    for term in selector.get("matchExpressions", []):
        has, values = term["key"] in labels, term.get("values", [])
        inside = has and labels[term["key"]] in values
        if not {"In": inside, "NotIn": not inside, "Exists": has, "DoesNotExist": not has}[term["operator"]]:
            return False
    return True


def _matches_peer(term, peer):
    if "ipBlock" in term:
        address = ipaddress.ip_address(peer.address) if peer.address else None
        return (
            address is not None
            and address in ipaddress.ip_network(term["ipBlock"]["cidr"])
            and not any(address in ipaddress.ip_network(e) for e in term["ipBlock"].get("except", []))
        )
    if peer.address:
        return False
    if "namespaceSelector" in term:
        in_namespace = selects(term["namespaceSelector"], peer.namespace)
    else:
        in_namespace = peer.ours
    return in_namespace and selects(term.get("podSelector", {}), peer.labels)


def _matches_port(rule, protocol, number):
    if "ports" not in rule:
        return True
    return any(p.get("protocol", "TCP") == protocol and p["port"] == number for p in rule["ports"])


def _open(policies, direction, ours, other, protocol, number):
    """Whether `ours` may send to (Egress) or receive from (Ingress) `other`."""
    if not ours.ours:
        return True
    key, side = ("egress", "to") if direction == "Egress" else ("ingress", "from")
    mine = [p for p in policies if direction in p["policyTypes"] and selects(p["podSelector"], ours.labels)]
    if not mine:
        return True
    return any(
        _matches_port(rule, protocol, number) and (side not in rule or any(_matches_peer(t, other) for t in rule[side]))
        for policy in mine
        for rule in policy.get(key, [])
    )


def reachable(world):
    """Every (from, to, protocol, port) that the policies leave open, with one of our pods at one end."""
    namespace = {"kubernetes.io/metadata.name": "qungong"}
    pods = [Peer(w.name, True, w.labels, namespace) for w in world.workloads()]
    policies = [d["spec"] for d in world.of("NetworkPolicy")]
    peers = tuple(pods) + STRANGERS
    return {
        (a.name, b.name, protocol, number)
        for a in peers
        for b in peers
        if a is not b and (a.ours or b.ours)
        for protocol, number in PORTS
        if _open(policies, "Egress", a, b, protocol, number) and _open(policies, "Ingress", b, a, protocol, number)
    }


def expected(world):
    pods = [w.name for w in world.workloads()]
    clients = list(SERVICES) + [w.name for w in world.workloads("Job")]
    calls = [("gateway", s) for s in SERVICES] + [
        ("ticket-service", "org-service"),
        ("appraisal-service", "org-service"),
        ("appraisal-service", "ticket-service"),
        ("grpc-client", "gateway"),
    ]
    edges = {(a, b, "TCP", 50051) for a, b in calls}
    edges |= {("prometheus", s, "TCP", 9090) for s in SERVERS}
    edges |= {(p.name, "gateway", "TCP", 8080) for p in STRANGERS}
    edges |= {(p, "kube-dns", protocol, 53) for p in pods for protocol in ("TCP", "UDP")}
    database = {"base": None, "dev": "mariadb", "prod": "database-host"}[world.overlay]
    if database:
        edges |= {(c, database, "TCP", 3306) for c in clients}
    return edges


def check(world):
    actual, wanted = reachable(world), expected(world)
    found = [f"open, must be closed: {' → '.join(map(str, e))}" for e in sorted(actual - wanted)]
    return found + [f"closed, must be open: {' → '.join(map(str, e))}" for e in sorted(wanted - actual)]
