{{- define "ccb.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{/* A release's name may hold dots, that of a Service none. Names that are made from this one are longer. */}}
{{- define "ccb.fullname" -}}
{{- $release := .Release.Name | replace "." "-" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "ccb.name" .) $release -}}
{{- $release | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" $release (include "ccb.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "ccb.selectorLabels" -}}
app.kubernetes.io/name: {{ include "ccb.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "ccb.labels" -}}
{{ include "ccb.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "ccb.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "ccb.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name: name the ServiceAccount, or let the chart make it" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "ccb.uninstallName" -}}
{{ include "ccb.fullname" . }}-uninstall
{{- end -}}

{{- define "ccb.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* What the configuration switches on, with the program's own defaults: as YAML, for fromYaml. */}}
{{- define "ccb.features" -}}
{{- $config := .Values.config -}}
{{- $provider := dig "cloud" "provider" "auto" $config -}}
writes: {{ not (dig "readOnly" false $config) }}
taints: {{ dig "taints" "enabled" true $config }}
managed: {{ dig "gateway" "managed" "enabled" false $config }}
pinNodePorts: {{ dig "gateway" "pinNodePorts" false $config }}
cloud: {{ ne $provider "none" }}
doctor: {{ or .Values.doctor.enabled (dig "checks" "enabled" true $config) }}
ciliumNamespace: {{ dig "cilium" "namespace" "kube-system" $config }}
leaseNamespace: {{ dig "lease" "namespace" "kube-system" $config }}
leaseName: {{ dig "lease" "name" "cilium-cloud-bridge" $config }}
loadBalancerClass: {{ dig "gateway" "loadBalancerClass" "cilium-cloud-bridge.io/entrypoint" $config }}
listen: {{ dig "listen" ":9976" $config | quote }}
credentialsDirectory: {{ dig "cloud" "credentials" "directory" "/etc/cilium-cloud-bridge/credentials" $config }}
{{- end -}}

{{/* The address of `listen` that is not all of them, without brackets; else nothing. */}}
{{- define "ccb.listenHost" -}}
{{- $host := regexReplaceAll ":[0-9]+$" . "" | trimPrefix "[" | trimSuffix "]" -}}
{{- if not (has $host (list "none" "0.0.0.0" "::")) }}{{ $host }}{{ end -}}
{{- end -}}

{{/* The configuration file. Cilium's namespace is always said: RBAC is made for that one. */}}
{{- define "ccb.config" -}}
{{- $features := include "ccb.features" . | fromYaml -}}
{{- $cilium := merge (dict "namespace" $features.ciliumNamespace) (dig "cilium" dict .Values.config) -}}
{{- toYaml (merge (dict "cilium" $cilium) .Values.config) -}}
{{- end -}}

{{/* Those keys of the configuration file that take effect only after a restart, with what is said of them. */}}
{{- define "ccb.restartConfig" -}}
{{- $config := include "ccb.config" . | fromYaml -}}
{{- range $path := include "ccb.restartKeys" . | fromYamlArray }}
{{- $value := $config -}}
{{- range $key := splitList "." $path }}
{{- $value = ternary (get $value $key) dict (hasKey $value $key) -}}
{{- if not (kindIs "map" $value) }}{{ $path }}: {{ toJson $value }}{{ "\n" }}{{ $value = dict }}{{ end }}
{{- end }}
{{- if $value }}{{ $path }}: {{ toJson $value }}{{ "\n" }}{{ end }}
{{- end }}
{{- end -}}

{{/* The rules of one namespace's Role: Cilium's, the clouds' own (kube-system) and the Lease's may be one and the same. */}}
{{- define "ccb.namespaceRules" -}}
{{- $features := .features -}}
{{- $inCilium := eq .namespace $features.ciliumNamespace -}}
{{- $inSystem := eq .namespace "kube-system" -}}
{{- $daemonSets := list -}}
{{- $configMaps := list -}}
{{- if $inCilium }}
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [cilium-config]
  verbs: [list, watch]
{{- $daemonSets = list "list" "watch" }}
{{- if $features.doctor }}
{{- $configMaps = append $configMaps "ip-masq-agent" }}
{{- end }}
{{- if and $features.managed $features.writes }}
- apiGroups: [""]
  resources: [services]
  verbs: [create, delete]
{{- end }}
{{- end }}
{{- if $inSystem }}
{{- if $features.taints }}
{{- $daemonSets = list "list" "watch" }}
{{- else if and $features.doctor (not $daemonSets) }}
{{- $daemonSets = list "list" }}
{{- end }}
{{- if $features.doctor }}
{{- $configMaps = append $configMaps "ip-masq-agent-config" }}
{{- end }}
{{- if or $features.cloud $features.doctor }}
{{- $configMaps = append $configMaps "tke-config" }}
{{- end }}
{{- end }}
{{- if $daemonSets }}
- apiGroups: [apps]
  resources: [daemonsets]
  verbs: [{{ join ", " $daemonSets }}]
{{- end }}
{{- if $configMaps }}
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [{{ join ", " $configMaps }}]
  verbs: [list]
{{- end }}
{{- if eq .namespace $features.leaseNamespace }}
# RBAC cannot tell by name what may be created.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ $features.leaseName }}]
  verbs: [get, patch, watch{{ if $features.doctor }}, list{{ end }}]
{{- end }}
{{- end -}}

{{/*
`true` where the policies are made, else nothing. `helm template` without a cluster knows no kind at all, so there the
version of Kubernetes decides: who renders for another one says so (--kube-version).
*/}}
{{- define "ccb.admissionPolicies" -}}
{{- $wanted := .Values.admissionPolicies.enabled -}}
{{- $kindsKnown := .Capabilities.APIVersions.Has "apps/v1/Deployment" -}}
{{- $served := or (.Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy") (and (not $kindsKnown) (semverCompare ">=1.30.0-0" .Capabilities.KubeVersion.Version)) -}}
{{- if or (eq $wanted "always") (and (eq $wanted "auto") $served) -}}true{{- end -}}
{{- end -}}
