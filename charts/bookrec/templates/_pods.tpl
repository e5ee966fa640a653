{{/* What PodSecurity `restricted` asks of a pod: the user id. */}}
{{- define "bookrec.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "bookrec.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* What the pods of all parts share: the root. */}}
{{- define "bookrec.podCommon" -}}
enableServiceLinks: false
{{- with .Values.global.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The same with the account of the pods that ask nothing of Kubernetes. */}}
{{- define "bookrec.podBase" -}}
serviceAccountName: {{ include "bookrec.serviceAccountName" . }}
automountServiceAccountToken: false
{{ include "bookrec.podCommon" . }}
{{- end -}}

{{/* Where the pods of a part may run: the part's values. */}}
{{- define "bookrec.placement" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}
