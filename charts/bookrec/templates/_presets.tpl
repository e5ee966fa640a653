{{/* Sizes by preset and part. Requests are what idles need, so that a small cluster holds all parts. */}}
{{- define "bookrec.presets" -}}
default:
  api:
    requests: {cpu: 100m, memory: 256Mi}
    limits: {cpu: "1", memory: 512Mi}
  trainer:
    requests: {cpu: 500m, memory: 1Gi}
    limits: {cpu: "2", memory: 2Gi}
  store:
    requests: {cpu: 100m, memory: 512Mi}
    limits: {cpu: "1", memory: 512Mi}
  controller:
    requests: {cpu: 20m, memory: 96Mi}
    limits: {cpu: 500m, memory: 192Mi}
  storeThreads: 1
  storeMaxMemory: 384Mi
recommended:
  api:
    requests: {cpu: 500m, memory: 512Mi}
    limits: {cpu: "2", memory: 1Gi}
  trainer:
    requests: {cpu: "2", memory: 2Gi}
    limits: {cpu: "4", memory: 4Gi}
  store:
    requests: {cpu: 500m, memory: 1Gi}
    limits: {cpu: "2", memory: 1Gi}
  controller:
    requests: {cpu: 50m, memory: 128Mi}
    limits: {cpu: "1", memory: 256Mi}
  storeThreads: 2
  storeMaxMemory: 768Mi
{{- end -}}

{{- define "bookrec.preset" -}}
{{- get (include "bookrec.presets" . | fromYaml) .Values.preset | toYaml -}}
{{- end -}}

{{/* Resources of a part: list of the root and the part's name. */}}
{{- define "bookrec.resources" -}}
{{- $root := index . 0 -}}
{{- $own := (get $root.Values (index . 1)).resources -}}
{{- if $own -}}
{{- toYaml $own -}}
{{- else -}}
{{- get (include "bookrec.preset" $root | fromYaml) (index . 1) | toYaml -}}
{{- end -}}
{{- end -}}

{{- define "bookrec.storeThreads" -}}
{{- .Values.store.threads | default (include "bookrec.preset" . | fromYaml).storeThreads | int -}}
{{- end -}}

{{- define "bookrec.storeMaxMemory" -}}
{{- .Values.store.maxMemory | default (include "bookrec.preset" . | fromYaml).storeMaxMemory -}}
{{- end -}}

{{/* A quantity of memory in bytes, rounded down. */}}
{{- define "bookrec.bytes" -}}
{{- $text := toString . -}}
{{- $units := dict "" 1 "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- $unit := regexFind "[A-Za-z]*$" $text -}}
{{- mulf (trimSuffix $unit $text | float64) (get $units $unit | default 1) | floor | int64 -}}
{{- end -}}
