// The rules of Kubernetes' Pod Security Standard `restricted`, written out; what a cluster would refuse a pod for.
import type { IContainer, IPodSpec } from 'kubernetes-models/v1';

/** Kinds of volumes that do not reach into the node. */
const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

/** Profiles of seccomp that filter. */
const SECCOMP = ['RuntimeDefault', 'Localhost'];

/**
 * What is not restricted about a pod, a clause each.
 * @see https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
 */
export function unrestricted(pod: IPodSpec): string[] {
  const { securityContext: own = {}, volumes = [] } = pod;
  const containers = [...(pod.initContainers ?? []), ...pod.containers];
  return told([
    ['shares the network of its node', pod.hostNetwork === true],
    ['sees the processes of its node', pod.hostPID === true],
    ['shares the memory of its node', pod.hostIPC === true],
    ['sets kernel parameters', (own.sysctls ?? []).length > 0],
    ['runs as root', own.runAsUser === 0],
    ...volumes.map(({ name, ...kind }): Rule => [
      `mounts a volume of another kind: ${name}`,
      !Object.keys(kind).every((it) => VOLUMES.includes(it)),
    ]),
  ]).concat(containers.flatMap((container) => ofContainer(container, pod)));
}

function ofContainer(
  { name, ports = [], securityContext: own = {}, ...rest }: IContainer,
  pod: IPodSpec,
): string[] {
  const capabilities = own.capabilities ?? {};
  const runAsNonRoot = own.runAsNonRoot ?? pod.securityContext?.runAsNonRoot;
  const seccomp = own.seccompProfile ?? pod.securityContext?.seccompProfile;
  const probes = [rest.startupProbe, rest.livenessProbe, rest.readinessProbe];
  return told([
    ['is privileged', own.privileged === true],
    ['may gain rights', own.allowPrivilegeEscalation !== false],
    ['may run as root', runAsNonRoot !== true || own.runAsUser === 0],
    ['keeps capabilities', !(capabilities.drop ?? []).includes('ALL')],
    ['adds capabilities', (capabilities.add ?? []).some((it) => it !== 'NET_BIND_SERVICE')],
    ['is not filtered by seccomp', !SECCOMP.includes(seccomp?.type ?? '')],
    ['takes ports of its node', ports.some(({ hostPort = 0 }) => hostPort !== 0)],
    ['sees more of /proc', own.procMount !== undefined && own.procMount !== 'Default'],
    ['has probes of other hosts', probes.some((probe) => probe?.httpGet?.host ?? probe?.tcpSocket?.host)],
  ]).map((clause) => `${name} ${clause}`);
}

type Rule = readonly [clause: string, broken: boolean];

function told(rules: readonly Rule[]): string[] {
  return rules.filter(([, broken]) => broken).map(([clause]) => clause);
}
