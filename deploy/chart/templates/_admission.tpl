{{/* CEL: labels, owners and finalizers are as they were. */}}
{{- define "ccb.sameMetadata" -}}
{{- range $index, $field := list "labels" "ownerReferences" "finalizers" }}
{{ if $index }}&& {{ end }}has(object.metadata.{{ $field }}) == has(oldObject.metadata.{{ $field }}) && (!has(object.metadata.{{ $field }}) || object.metadata.{{ $field }} == oldObject.metadata.{{ $field }})
{{- end }}
{{- end -}}

{{/* CEL: annotations are as they were. */}}
{{- define "ccb.sameAnnotations" -}}
(has(object.metadata.annotations) ? object.metadata.annotations : {}) == (has(oldObject.metadata.annotations) ? oldObject.metadata.annotations : {})
{{- end -}}

{{/* CEL: every field of a Service's spec but ports, and the selector only of managed entrypoints. */}}
{{- define "ccb.sameServiceSpec" -}}
(variables.managed || has(object.spec.selector) == has(oldObject.spec.selector) && (!has(object.spec.selector) || object.spec.selector == oldObject.spec.selector))
{{- range list "allocateLoadBalancerNodePorts" "clusterIP" "clusterIPs" "externalIPs" "externalName" "externalTrafficPolicy" "healthCheckNodePort" "internalTrafficPolicy" "ipFamilies" "ipFamilyPolicy" "loadBalancerClass" "loadBalancerIP" "loadBalancerSourceRanges" "publishNotReadyAddresses" "sessionAffinity" "sessionAffinityConfig" "trafficDistribution" "type" }}
        && has(object.spec.{{ . }}) == has(oldObject.spec.{{ . }}) && (!has(object.spec.{{ . }}) || object.spec.{{ . }} == oldObject.spec.{{ . }})
{{- end }}
{{- end -}}

{{/* CEL: the ports of `object` or `oldObject` without what may change: of an entrypoint the targetPort, else the nodePort. */}}
{{- define "ccb.fixedOfPorts" -}}
{{ . }}.spec.ports.map(port, string(port.port) + ' ' + (has(port.protocol) ? port.protocol : '') + ' ' + (has(port.name) ? port.name : '') + ' ' +
        (variables.entrypoint ? string(has(port.nodePort) ? port.nodePort : 0) : string(port.targetPort)) + ' ' + (has(port.appProtocol) ? port.appProtocol : ''))
{{- end -}}

{{/* CEL: whether a Service is one that Cilium made for a Gateway or an Ingress, or the one of all shared Ingresses, whose name can be chosen. */}}
{{- define "ccb.isMadeByCilium" -}}
{{- $service := .service -}}
((!has({{ $service }}.spec.selector) || size({{ $service }}.spec.selector) == 0) &&
        ({{ $service }}.metadata.namespace == '{{ .features.ciliumNamespace }}' && ({{ $service }}.metadata.name == 'cilium-ingress' ||
        has({{ $service }}.metadata.labels) && 'cilium.io/ingress' in {{ $service }}.metadata.labels && {{ $service }}.metadata.labels['cilium.io/ingress'] == 'true') ||
        ({{ $service }}.metadata.name.startsWith('cilium-gateway-') || {{ $service }}.metadata.name.startsWith('cilium-ingress-')) &&
        has({{ $service }}.metadata.ownerReferences) && {{ $service }}.metadata.ownerReferences.exists(owner, owner.kind in ['Gateway', 'Ingress'] && has(owner.controller) && owner.controller)))
{{- end -}}

{{/* CEL: whether a Service says of itself, or the configuration says of it, that it is an entrypoint; as the program understands both. */}}
{{- define "ccb.isEntrypoint" -}}
{{- $service := .service -}}
{{- $gateway := dig "gateway" dict .config -}}
{{- $adopt := dig "adopt" "annotated" $gateway -}}
{{- $types := ternary (list "LoadBalancer" "NodePort") (list "LoadBalancer") (gt (len (dig "addresses" dict $gateway)) 0) -}}
{{- $namespaces := concat (list .features.ciliumNamespace) (dig "entrypointNamespaces" list $gateway) | uniq -}}
({{ $service }}.spec.type in {{ $types | toJson }} && !{{ include "ccb.isMadeByCilium" . }} &&
        !(has({{ $service }}.metadata.labels) && 'io.cilium.gateway/owning-gateway' in {{ $service }}.metadata.labels) &&
        (has({{ $service }}.metadata.annotations) && ['cilium-cloud-bridge.io/gateway', 'cilium-cloud-bridge.io/ingress'].exists(key, key in {{ $service }}.metadata.annotations &&
        ({{ $service }}.metadata.namespace in {{ $namespaces | toJson }} || {{ $service }}.metadata.annotations[key].trim().startsWith({{ $service }}.metadata.namespace + '/')))
        {{- if kindIs "slice" $adopt }}
        {{- $listed := list }}
        {{- range $adopt }}
        {{- $listed = append $listed (regexFind "^[^=]+" .) }}
        {{- end }} ||
        {{ $service }}.metadata.namespace + '/' + {{ $service }}.metadata.name in {{ $listed | toJson }}
        {{- else if eq $adopt "auto" }} ||
        {{ $service }}.metadata.namespace == '{{ .features.ciliumNamespace }}' && has({{ $service }}.spec.selector) && size({{ $service }}.spec.selector) > 0 &&
        [{'k8s-app': 'cilium', 'app.kubernetes.io/name': 'cilium-agent', 'app.kubernetes.io/part-of': 'cilium'},
        {'k8s-app': 'cilium-envoy', 'app.kubernetes.io/name': 'cilium-envoy', 'app.kubernetes.io/part-of': 'cilium'}].exists(pod,
        {{ $service }}.spec.selector.all(key, key in pod && pod[key] == {{ $service }}.spec.selector[key]))
        {{- end }}))
{{- end -}}

{{/* CEL: whether `key` is one of the labels by which Cilium knows its own objects. */}}
{{- define "ccb.isCiliumLabel" -}}
(key.startsWith('io.cilium') || key.startsWith('cilium.io/'))
{{- end -}}

{{/* CEL: whether a managed entrypoint may have the annotation `key` with the value it has: the program's own, defaults, and what Gateway authors may ask for. */}}
{{- define "ccb.isManagedAnnotation" -}}
{{- $managed := dig "gateway" "managed" dict .Values.config -}}
{{- $defaults := dig "annotations" dict $managed | toJson -}}
{{- $keys := list -}}
{{- $prefixes := list -}}
{{- range dig "allowedAnnotations" list $managed -}}
{{- if hasSuffix "*" . }}{{ $prefixes = append $prefixes (trimSuffix "*" .) }}{{ else }}{{ $keys = append $keys . }}{{ end -}}
{{- end -}}
(key in ['cilium-cloud-bridge.io/gateway', 'cilium-cloud-bridge.io/retain', 'service.cilium.io/type'] ||
        key in {{ $defaults }} && {{ $defaults }}[key] == object.metadata.annotations[key] ||
        !key.startsWith('cilium-cloud-bridge.io/') && (key in {{ $keys | toJson }} || {{ $prefixes | toJson }}.exists(prefix, key.startsWith(prefix))) &&
        (!(key in ['kubernetes.io/elb.id', 'service.kubernetes.io/tke-existed-lbid', 'service.kubernetes.io/loadbalance-id']) ||
        object.metadata.annotations[key] in {{ dig "allowedLoadBalancerIds" list $managed | toJson }}))
{{- end -}}
