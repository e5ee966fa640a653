{{- define "bookrec.storeName" -}}
{{- include "bookrec.fullname" . }}-store
{{- end -}}

{{/* Address of the store as the API and the trainer take it. */}}
{{- define "bookrec.storeUrl" -}}
{{- if .Values.store.enabled -}}
{{- ternary "rediss" "redis" .Values.store.tls.enabled }}://{{ include "bookrec.storeName" . }}:6379/0
{{- else -}}
{{- .Values.store.external.url -}}
{{- end -}}
{{- end -}}

{{/* Secret with the store's password; empty where there is none. */}}
{{- define "bookrec.storeSecret" -}}
{{- if not .Values.store.enabled -}}
{{- .Values.store.external.existingSecret -}}
{{- else if .Values.store.auth.enabled -}}
{{- .Values.store.auth.existingSecret | default (include "bookrec.storeName" .) -}}
{{- end -}}
{{- end -}}

{{- define "bookrec.storeSecretKey" -}}
{{- if not .Values.store.enabled -}}
{{- .Values.store.external.existingSecretKey -}}
{{- else if .Values.store.auth.existingSecret -}}
{{- .Values.store.auth.existingSecretKey -}}
{{- else -}}
password
{{- end -}}
{{- end -}}

{{/* Secret whose ca.crt signed the store's certificate; empty where the system's authorities do. */}}
{{- define "bookrec.storeCaSecret" -}}
{{- if not .Values.store.enabled -}}
{{- .Values.store.external.caSecret -}}
{{- else if .Values.store.tls.enabled -}}
{{- .Values.store.tls.existingSecret -}}
{{- end -}}
{{- end -}}

{{/* Variables of a client of the store. */}}
{{- define "bookrec.storeEnv" -}}
- name: STORE_URL
  value: {{ include "bookrec.storeUrl" . | quote }}
{{- if and (not .Values.store.enabled) .Values.store.external.username }}
- name: STORE_USERNAME
  value: {{ .Values.store.external.username | quote }}
{{- end }}
{{- with include "bookrec.storeSecret" . }}
- name: STORE_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: {{ include "bookrec.storeSecretKey" $ }}
{{- end }}
{{- if include "bookrec.storeCaSecret" . }}
- name: STORE_CA_FILE
  value: /etc/bookrec/store-ca/ca.crt
{{- end }}
{{- end -}}

{{- define "bookrec.storeVolumeMounts" -}}
{{- if include "bookrec.storeCaSecret" . }}
- name: store-ca
  mountPath: /etc/bookrec/store-ca
  readOnly: true
{{- end }}
{{- end -}}

{{- define "bookrec.storeVolumes" -}}
{{- with include "bookrec.storeCaSecret" . }}
- name: store-ca
  secret:
    secretName: {{ . }}
    defaultMode: 0440
    items:
      - key: ca.crt
        path: ca.crt
{{- end }}
{{- end -}}

{{/*
Pods start anew when a Secret that exists already has changed at an upgrade. The generated password is left out: it never
changes, but is not there to be read at the first install.
*/}}
{{- define "bookrec.storeChecksums" -}}
{{- $password := ternary .Values.store.auth.existingSecret .Values.store.external.existingSecret .Values.store.enabled -}}
{{- $names := compact (list $password (include "bookrec.storeCaSecret" .)) -}}
{{- if $names }}
{{- $data := dict -}}
{{- range $names -}}
{{- $_ := set $data . ((lookup "v1" "Secret" $.Release.Namespace .).data | default dict) -}}
{{- end -}}
checksum/store-secrets: {{ toJson $data | sha256sum }}
{{- end }}
{{- end -}}
