{{/* Names, labels and what all pods have in common. */}}
{{- define "tempera.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "tempera.labels" -}}
app.kubernetes.io/name: tempera
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* Of one part; called with (dict "root" $ "part" "web"). */}}
{{- define "tempera.selector" -}}
app.kubernetes.io/name: tempera
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end }}

{{- define "tempera.host" -}}
{{- (urlParse .Values.siteUrl).host | splitList ":" | first -}}
{{- end }}

{{- define "tempera.image" -}}
{{- $image := index .root.Values.images .image -}}
image: "{{ $image.repository }}:{{ $image.tag | default .root.Chart.AppVersion }}"
imagePullPolicy: {{ $image.pullPolicy }}
{{- end }}

{{- define "tempera.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "tempera.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "tempera.settings" -}}
SITE_URL: {{ .Values.siteUrl | quote }}
MEDIA_URL: {{ .Values.mediaUrl | quote }}
PROXY_COUNT: {{ .Values.proxyCount | quote }}
DATA_DIR: /data
STATIC_DIR: /app/collected
HEARTBEAT_FILE: /tmp/heartbeat
LOG_FORMAT: json
{{- range $name, $value := .Values.settings }}
{{ $name }}: {{ $value | quote }}
{{- end }}
{{- end }}

{{- define "tempera.environment" -}}
envFrom:
  - configMapRef: {name: {{ include "tempera.name" . }}-settings}
  - secretRef: {name: {{ .Values.existingSecret }}}
{{- end }}

{{- define "tempera.mounts" -}}
- {name: data, mountPath: /data}
- {name: scratch, mountPath: /tmp}
{{- end }}

{{- define "tempera.volumes" -}}
- name: data
  {{- if .Values.data.existingClaim }}
  persistentVolumeClaim: {claimName: {{ .Values.data.existingClaim }}}
  {{- else }}
  emptyDir: {sizeLimit: 20Gi}
  {{- end }}
- {name: scratch, emptyDir: {sizeLimit: 4Gi}}
{{- end }}

{{/* A worker or the clock lives while it touches its file. */}}
{{- define "tempera.heartbeatProbes" -}}
startupProbe:
  exec: {command: ["sh", "-c", "test -f /tmp/heartbeat"]}
  periodSeconds: 5
  failureThreshold: 60
livenessProbe:
  exec: {command: ["sh", "-c", "test -n \"$(find /tmp/heartbeat -mmin -5)\""]}
  periodSeconds: 60
  timeoutSeconds: 5
readinessProbe:
  exec: {command: ["sh", "-c", "test -n \"$(find /tmp/heartbeat -mmin -1)\""]}
  periodSeconds: 20
  timeoutSeconds: 5
{{- end }}

{{- define "tempera.podCommon" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext: {{- include "tempera.podSecurity" . | nindent 2 }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
volumes: {{- include "tempera.volumes" . | nindent 2 }}
{{- end }}
