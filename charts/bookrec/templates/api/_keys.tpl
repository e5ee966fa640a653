{{/* Secret with the keys that the API asks for; empty where it asks for none. */}}
{{- define "bookrec.keysSecret" -}}
{{- if .Values.api.keys.enabled -}}
{{- .Values.api.keys.existingSecret | default (printf "%s-api-keys" (include "bookrec.fullname" .)) -}}
{{- end -}}
{{- end -}}

{{- define "bookrec.keysSecretKey" -}}
{{- ternary .Values.api.keys.existingSecretKey "keys.json" (not (empty .Values.api.keys.existingSecret)) -}}
{{- end -}}
