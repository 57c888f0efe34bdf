"""The keys that our manifests may use, by kind. An API server prunes an unknown key in silence, and with it what the
key was meant to do; so everything that is not listed here is an error. A trailing ! marks what must be there."""

STR, INT, BOOL = str, int, bool
NUMBER_OR_NAME = (int, str)


class Map:
    """Free keys, values of one type."""

    def __init__(self, value):
        self.value = value


LABELS = Map(STR)
META = {"name!": STR, "namespace": STR, "labels": LABELS, "annotations": LABELS}
SELECTOR = {"matchLabels": LABELS,
            "matchExpressions": [{"key!": STR, "operator!": STR, "values": [STR]}]}
ITEMS = [{"key!": STR, "path!": STR, "mode": INT}]
PROBE_TIMES = {"periodSeconds": INT, "timeoutSeconds": INT, "failureThreshold": INT,
               "initialDelaySeconds": INT, "successThreshold": INT}
PROBE = {"grpc": {"port!": INT, "service": STR},
         "httpGet": {"port!": NUMBER_OR_NAME, "path!": STR, "scheme": STR},
         "tcpSocket": {"port!": NUMBER_OR_NAME}, "exec": {"command!": [STR]}, **PROBE_TIMES}
QUANTITIES = {"cpu": STR, "memory": STR, "storage": STR}
RESOURCES = {"requests": QUANTITIES, "limits": QUANTITIES}
SECCOMP = {"type!": STR}
CONTAINER = {
    "name!": STR, "image!": STR, "imagePullPolicy": STR, "command": [STR], "args": [STR],
    "env": [{"name!": STR, "value": STR, "valueFrom": Map(object)}], "envFrom": [Map(object)],
    "ports": [{"name!": STR, "containerPort!": INT, "protocol": STR}],
    "startupProbe": PROBE, "livenessProbe": PROBE, "readinessProbe": PROBE, "resources!": RESOURCES,
    "securityContext!": {"allowPrivilegeEscalation": BOOL, "readOnlyRootFilesystem": BOOL, "privileged": BOOL,
                         "capabilities": {"drop": [STR], "add": [STR]}},
    "volumeMounts": [{"name!": STR, "mountPath!": STR, "readOnly": BOOL}],
}
VOLUME = {
    "name!": STR,
    "configMap": {"name!": STR, "defaultMode": INT, "items": ITEMS},
    "secret": {"secretName!": STR, "defaultMode": INT, "optional": BOOL, "items": ITEMS},
    "emptyDir": {"medium": STR, "sizeLimit": STR},
    "projected": {"defaultMode": INT,
                  "sources!": [{"secret": {"name!": STR, "optional": BOOL, "items": ITEMS}}]},
}
POD = {
    "serviceAccountName": STR, "automountServiceAccountToken": BOOL, "enableServiceLinks": BOOL,
    "terminationGracePeriodSeconds": INT, "restartPolicy": STR, "hostNetwork": BOOL,
    "securityContext!": {"runAsNonRoot": BOOL, "runAsUser": INT, "runAsGroup": INT, "fsGroup": INT,
                         "seccompProfile": SECCOMP},
    "containers!": [CONTAINER], "initContainers": [CONTAINER], "volumes": [VOLUME],
    "topologySpreadConstraints": [{
        "maxSkew!": INT, "topologyKey!": STR, "whenUnsatisfiable!": STR, "nodeTaintsPolicy": STR,
        "labelSelector": SELECTOR, "matchLabelKeys": [STR]}],
}
TEMPLATE = {"metadata!": {"labels!": LABELS, "annotations": LABELS}, "spec!": POD}
PEERS = [{"podSelector": SELECTOR, "namespaceSelector": SELECTOR,
          "ipBlock": {"cidr!": STR, "except": [STR]}}]
POLICY_PORTS = [{"port!": NUMBER_OR_NAME, "protocol": STR}]

KINDS = {
    ("v1", "Namespace"): {},
    ("v1", "ServiceAccount"): {"automountServiceAccountToken": BOOL},
    ("v1", "ConfigMap"): {"data!": LABELS},
    ("v1", "Secret"): {"type": STR, "data!": LABELS},
    ("v1", "Service"): {"spec!": {
        "type": STR, "clusterIP": STR, "selector!": LABELS, "publishNotReadyAddresses": BOOL,
        "ports!": [{"name!": STR, "port!": INT, "targetPort!": NUMBER_OR_NAME, "protocol": STR,
                    "appProtocol": STR}]}},
    ("apps/v1", "Deployment"): {"spec!": {
        "replicas!": INT, "revisionHistoryLimit": INT, "selector!": SELECTOR, "template!": TEMPLATE,
        "strategy": {"type!": STR, "rollingUpdate": {"maxUnavailable": NUMBER_OR_NAME,
                                                     "maxSurge": NUMBER_OR_NAME}}}},
    ("apps/v1", "StatefulSet"): {"spec!": {
        "replicas!": INT, "serviceName!": STR, "selector!": SELECTOR, "template!": TEMPLATE,
        "volumeClaimTemplates": [{"apiVersion": STR, "kind": STR, "metadata!": META, "spec!": {
            "accessModes!": [STR], "storageClassName": STR, "resources!": RESOURCES}}]}},
    ("batch/v1", "Job"): {"spec!": {
        "backoffLimit": INT, "ttlSecondsAfterFinished": INT, "activeDeadlineSeconds": INT,
        "template!": TEMPLATE}},
    ("policy/v1", "PodDisruptionBudget"): {"spec!": {
        "minAvailable": NUMBER_OR_NAME, "maxUnavailable": NUMBER_OR_NAME, "selector!": SELECTOR,
        "unhealthyPodEvictionPolicy": STR}},
    ("networking.k8s.io/v1", "NetworkPolicy"): {"spec!": {
        "podSelector!": SELECTOR, "policyTypes!": [STR],
        "ingress": [{"from": PEERS, "ports": POLICY_PORTS}],
        "egress": [{"to": PEERS, "ports": POLICY_PORTS}]}},
}


def _type_name(schema):
    return " or ".join(t.__name__ for t in schema) if isinstance(schema, tuple) else schema.__name__


def problems_of(value, schema, path):
    """What in `value` is not as `schema` says, one line each."""
    if isinstance(schema, dict):
        if not isinstance(value, dict):
            return [f"{path}: must be a mapping"]
        allowed = {key.rstrip("!"): part for key, part in schema.items()}
        found = [f"{path}.{key}: unknown key" for key in value if key not in allowed]
        found += [f"{path}.{key[:-1]}: missing" for key in schema
                  if key.endswith("!") and key[:-1] not in value]
        for key, part in value.items():
            if key in allowed:
                found += problems_of(part, allowed[key], f"{path}.{key}")
        return found
    if isinstance(schema, Map):
        if not isinstance(value, dict):
            return [f"{path}: must be a mapping"]
        return [p for key, part in value.items() for p in problems_of(part, schema.value, f"{path}.{key}")]
    if isinstance(schema, list):
        if not isinstance(value, list):
            return [f"{path}: must be a list"]
        return [p for i, part in enumerate(value) for p in problems_of(part, schema[0], f"{path}[{i}]")]
    if schema is INT and isinstance(value, bool) or not isinstance(value, schema):
        return [f"{path}: must be {_type_name(schema)}, is {value!r}"]
    return []


def check_document(doc):
    if not isinstance(doc, dict):
        return ["a document is not a mapping"]
    identity = (doc.get("apiVersion"), doc.get("kind"))
    if identity not in KINDS:
        return [f"{identity}: unknown kind"]
    name = doc["metadata"].get("name") if isinstance(doc.get("metadata"), dict) else None
    schema = {"apiVersion!": STR, "kind!": STR, "metadata!": META, **KINDS[identity]}
    return problems_of(doc, schema, f"{identity[1]}/{name}")
