{{/* Start of a NetworkPolicy of a part: list of the root and the part's name. */}}
{{- define "bookrec.networkPolicyHead" -}}
{{- $root := index . 0 -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "bookrec.fullname" $root }}-{{ index . 1 }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "bookrec.labels" . | nindent 4 }}
{{- end -}}

{{- define "bookrec.egressToDns" -}}
- ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
{{- end -}}

{{/* Egress to the store, wherever it is. */}}
{{- define "bookrec.egressToStore" -}}
{{- if .Values.store.enabled -}}
- to:
    - podSelector:
        matchLabels:
          {{- include "bookrec.selectorLabels" (list . "store") | nindent 10 }}
  ports:
    - {port: 6379, protocol: TCP}
{{- else -}}
- ports:
    - port: {{ regexFind ":[0-9]+(/|$)" .Values.store.external.url | trimPrefix ":" | trimSuffix "/" | default "6379" }}
      protocol: TCP
  {{- with .Values.networkPolicy.externalTo }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end -}}
