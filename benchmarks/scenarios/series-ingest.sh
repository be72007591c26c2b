#!/usr/bin/env bash
# What series cost the Doppler: 100,000 envelopes a second from 10,000 sources, half logs, half gauges of five values, over mTLS, with series and without, each
# in a Doppler of its own; the difference of their CPU seconds per million envelopes. The time is as long as a series' window of 120 samples takes to fill, so that each
# series is packed once in it. Nothing may be lost: the Dopplers say that they got what was sent, and all samples of it.
SECONDS_MEASURED=${SECONDS_MEASURED:-24}
. "$(dirname "$0")/lib.sh"

SOURCES=10000 VALUES=5

# of NAME FILE: a number of a report. on PAGE METRIC: the sum of a metric.
of() { sed -n "s/^ *\"$1\": \([0-9.]*\).*/\1/p" "$2" | head -1; }
on() { awk -v name="$2" 'index($1, name) == 1 { sum += $2 } END { printf "%d\n", sum }' "$1"; }

expect() {
  if [ "$2" != "$3" ]; then
    echo "$1: $2 instead of $3" >&2
    FAILED=1
  fi
}

ingest() {
  local name=$1 bytes=$2 report=$RESULTS/$1.json sent gauges page=$WORK/page
  role doppler doppler 19102 LOGGREGATOR_Doppler__Listen=127.0.0.1:18082 "LOGGREGATOR_Doppler__SeriesBytes=$bytes"
  measure "$name" --ingress 127.0.0.1:18082 --ingress-name doppler --readers 0 --sources $SOURCES --metrics-percent 50 --gauge-values $VALUES --rate 100000 \
    --connections 2 --warmup 4 --duration "$SECONDS_MEASURED" --pids "doppler=$doppler"
  curl -fs http://127.0.0.1:19102/metrics >"$page"
  stop "$doppler"
  sent=$(of envelopes "$report") gauges=$(of gauges "$report")
  expect "$name: received" "$(on "$page" loggregator_doppler_received_total)" $((sent + 2 * SOURCES)) # probes too, of both connections
  expect "$name: dropped" "$(on "$page" 'loggregator_doppler_dropped_total{direction="ingress"')" 0
  if [ "$bytes" -gt 0 ]; then
    expect "$name: samples" "$(on "$page" loggregator_doppler_series_received_total)" $((gauges * VALUES))
    expect "$name: folded" "$(on "$page" loggregator_doppler_series_folded_total)" 0
    grep '^loggregator_doppler_series_\(count\|bytes\|held\|dropped\)' "$page" || true
  fi
}

ingest series-ingest-off 0
ingest series-ingest-on 536870912
cost() { sed -n '/"name": "doppler"/,/}/s/^ *"cpu_seconds_per_million": \([0-9.]*\).*/\1/p' "$RESULTS/series-ingest-$1.json"; }
awk -v on="$(cost on)" -v off="$(cost off)" 'BEGIN { printf "series add %.2f CPU s per million envelopes: %.2f with, %.2f without\n", on - off, on, off }'
exit "${FAILED:-0}"
