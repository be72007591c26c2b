#!/usr/bin/env bash
# A nozzle with a durable sink behind a Doppler, over mTLS: cost and loss into Kafka (librdkafka's mock of three brokers, in a process of its own), into rsyslog
# over TCP, and over an outage of the receiver. Needs rsyslogd for the second. At the end of each nothing may wait, be lost or be unaccounted for.
. "$(dirname "$0")/lib.sh"
[ -n "${SKIP_BUILD:-}" ] || dotnet build "$ROOT/benchmarks/Loggregator.Benchmarks" -c Release -v q --nologo

NOZZLE_METRICS=http://127.0.0.1:19104/metrics

# nozzle SINK_URL: a nozzle of its own for one measurement, and a Doppler.
nozzle() {
  role doppler doppler 19102 LOGGREGATOR_Doppler__Listen=127.0.0.1:18082
  role nozzle nozzle 19104 LOGGREGATOR_Nozzle__Dopplers=127.0.0.1:18082 "LOGGREGATOR_Nozzle__Spool=$WORK/spool" "LOGGREGATOR_Nozzle__Sink=sink=$1"
}

series() {
  curl -fs "$NOZZLE_METRICS" | awk -v name="loggregator_nozzle_$1" 'index($1, name "{") == 1 { sum += $2 } END { printf "%.0f\n", sum }'
}

# settle NAME: waits until the sink has everything, and says what became of it.
settle() {
  for _ in $(seq 600); do
    if [ "$(series sink_backlog)" = 0 ] && [ "$(series unacknowledged)" = 0 ]; then break; fi
    sleep 0.1
  done
  local appended received delivered lost
  appended=$(curl -fs http://127.0.0.1:19102/metrics | awk 'index($1, "loggregator_doppler_appended_total") == 1 { printf "%.0f", $2 }')
  received=$(series intake_received_total) delivered=$(series sink_delivered_total)
  lost=$(($(series intake_told_lost_total) + $(series spool_dropped_total) + $(series spool_damaged_total) + $(series sink_dropped_total) + $(series sink_dead_letters_total)))
  echo "$1: appended $appended, received $received, delivered $delivered, lost $lost, handed over again $(series sink_retries_total) times, fsyncs $(series spool_commits_total)" | tee "$RESULTS/$1.txt" >&2
  [ "$appended" = "$received" ] && [ "$received" = "$delivered" ] && [ "$lost" = 0 ] || FAILED=1
  stop "$nozzle"
  stop "$doppler"
  rm -rf "$WORK/spool"
}

into() {
  local name=$1
  shift
  measure "$name" --ingress 127.0.0.1:18082 --ingress-name doppler --connections 4 --warmup 10 --duration "$SECONDS_MEASURED" \
    --pids "nozzle=$nozzle,doppler=$doppler" --scrape "nozzle=$NOZZLE_METRICS" "$@"
}

kafka() {
  coproc BROKERS { "$BIN/Loggregator.Benchmarks/release/Loggregator.Benchmarks" kafka-brokers; }
  read -r brokers <&"${BROKERS[0]}"
  nozzle "kafka://$brokers/logs?format=protobuf"
  into "$1" --rate "$2"
  settle "$1"
  kill "$BROKERS_PID" && wait "$BROKERS_PID" 2>/dev/null || true
}

rsyslog() {
  cat >"$WORK/rsyslog.conf" <<EOF
global(workDirectory="$WORK" maxMessageSize="64k")
module(load="imtcp")
main_queue(queue.size="100000" queue.dequeueBatchSize="4096")
template(name="raw" type="string" string="%rawmsg%\n")
input(type="imtcp" port="15140" address="127.0.0.1")
action(type="omfile" file="$WORK/received.log" template="raw" ioBufferSize="256k" flushOnTXEnd="off" asyncWriting="on")
EOF
  rsyslogd -n -f "$WORK/rsyslog.conf" -i "$WORK/rsyslog.pid" &
  STARTED+=($!)
  local rsyslog=$!
  nozzle "syslog://127.0.0.1:15140?format=syslog-plain"
  into "$1" --rate "$2"
  settle "$1"
  stop "$rsyslog"
  local written
  written=$(wc -l <"$WORK/received.log")
  echo "$1: rsyslog wrote $written lines" >&2
  [ "$written" -ge "$(grep -o 'delivered [0-9]*' "$RESULTS/$1.txt" | cut -d' ' -f2)" ] || FAILED=1
  rm -f "$WORK/received.log"
}

# An hour at 20,000 a second, sixty times shorter: the receiver is away for a minute. What is due after it has come back is live.
outage() {
  nozzle "syslog://127.0.0.1:15141?framing=newline&format=json&order=live-first&retry-max=1s"
  (
    while sleep 1; do printf '%s %s\n' "$(date +%s)" "$(series sink_backlog)"; done >"$WORK/backlog"
  ) &
  local watch=$!
  SECONDS_MEASURED=120 into "$1" --rate 20000 --lines 127.0.0.1:15141 --outage 5:60 --drain 30
  kill "$watch" && wait "$watch" 2>/dev/null || true
  awk '$2 > peak { peak = $2; at = $1 } { when[NR] = $1; backlog[NR] = $2 } END {
    for (i = 1; i <= NR; i++) if (when[i] > at + 2 && backlog[i] > 20000) { n++; last = i; if (!first) first = i }
    if (n > 1) printf "the backlog was %d at its height and fell by %d a second\n", peak, (backlog[first] - backlog[last]) / (when[last] - when[first])
    else printf "the backlog was %d at its height\n", peak }' "$WORK/backlog" >&2
  settle "$1"
}

if wanted nozzle-kafka-200k; then kafka nozzle-kafka-200k 200000; fi
if wanted nozzle-rsyslog-60k; then rsyslog nozzle-rsyslog-60k 60000; fi
if wanted nozzle-rsyslog-120k; then rsyslog nozzle-rsyslog-120k 120000; fi
if wanted nozzle-outage; then outage nozzle-outage; fi
exit "${FAILED:-0}"
