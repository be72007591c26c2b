#!/usr/bin/env bash
# What series cost a Doppler: 100,000 envelopes a second from 10,000 sources, half logs, half gauges of five values, over mTLS, in turns into one with series and into
# one without; the difference of their CPU seconds per million envelopes. Three turns of seven seconds are as long as a series' window of 120 samples takes to fill, so
# that each is packed once. Nothing may be lost: the Dopplers say that they got what was sent, and all samples of it.
SECONDS_MEASURED=${SECONDS_MEASURED:-21}
. "$(dirname "$0")/lib.sh"

SOURCES=10000 VALUES=5 TURNS=3
declare -A CPU SENT TOTAL GAUGES
role without doppler 19102 LOGGREGATOR_Doppler__Listen=127.0.0.1:18082 LOGGREGATOR_Doppler__SeriesBytes=0
role with doppler 19103 LOGGREGATOR_Doppler__Listen=127.0.0.1:18083 LOGGREGATOR_Doppler__SeriesBytes=536870912

# turn NAME PID PORT. of NAME: the first number of that name in the report. on PORT METRIC: the sum of a metric. add A B.
of() { sed -n "s/^ *\"$1\": \([0-9.]*\).*/\1/p" "$WORK/turn.json" | head -1; }
on() { curl -fs "http://127.0.0.1:$1/metrics" | awk -v name="$2" 'index($1, name) == 1 { sum += $2 } END { printf "%d\n", sum }'; }
add() { awk -v a="${1:-0}" -v b="$2" 'BEGIN { printf "%.2f\n", a + b }'; }

expect() {
  if [ "$2" != "$3" ]; then
    echo "$1: $2 instead of $3" >&2
    FAILED=1
  fi
}

turn() {
  "$LOAD" run --cert "$WORK/certs/client.crt" --key "$WORK/certs/client.key" --ca "$WORK/certs/ca.crt" --ingress "127.0.0.1:$3" --ingress-name doppler --readers 0 \
    --run-id 7 --sources $SOURCES --metrics-percent 50 --gauge-values $VALUES --rate 100000 --connections 2 --warmup 2 --duration $((SECONDS_MEASURED / TURNS)) \
    --pids "doppler=$2" --json "$WORK/turn.json" 2>"$WORK/turn.log" || { cat "$WORK/turn.log" >&2; FAILED=1; }
  CPU[$1]=$(add "${CPU[$1]:-}" "$(of cpu_seconds)")
  SENT[$1]=$((${SENT[$1]:-0} + $(of envelopes_in_window)))
  TOTAL[$1]=$((${TOTAL[$1]:-0} + $(of envelopes) + 2 * SOURCES)) # probes too, of both connections
  GAUGES[$1]=$((${GAUGES[$1]:-0} + $(of gauges)))
  echo "$1: $(of cpu_seconds) CPU s for $(of envelopes_in_window) envelopes"
}

for _ in $(seq $TURNS); do
  turn without "$without" 18082
  turn with "$with" 18083
done
expect "received without" "$(on 19102 loggregator_doppler_received_total)" "${TOTAL[without]}"
expect "received with" "$(on 19103 loggregator_doppler_received_total)" "${TOTAL[with]}"
expect "samples" "$(on 19103 loggregator_doppler_series_received_total)" $((GAUGES[with] * VALUES))
expect "samples folded" "$(on 19103 loggregator_doppler_series_folded_total)" 0
for port in 19102 19103; do expect "dropped at $port" "$(on $port 'loggregator_doppler_dropped_total{direction="ingress"')" 0; done
{
  date -u +%F
  echo "$(on 19103 loggregator_doppler_series_received_total) samples of $(on 19103 loggregator_doppler_series_count) series in $(on 19103 loggregator_doppler_series_bytes) bytes, $(on 19103 loggregator_doppler_series_dropped_total) of them in place of one of the same millisecond"
  awk -v on="${CPU[with]}" -v a="${SENT[with]}" -v off="${CPU[without]}" -v b="${SENT[without]}" \
    'BEGIN { with = on * 1e6 / a; without = off * 1e6 / b; printf "series add %.2f CPU s per million envelopes: %.2f with, %.2f without\n", with - without, with, without }'
} | tee "$RESULTS/series-ingest.txt"
exit "${FAILED:-0}"
