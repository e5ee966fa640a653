{{/* Labels of an alert: list of the values of the rules and the severity. */}}
{{- define "bookrec.alertLabels" -}}
severity: {{ index . 1 }}
{{- with (index . 0).alertLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}
