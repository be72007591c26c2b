#!/usr/bin/env bash
# Secure WebSockets of version 1: a firehose at 50,000 a second, 1,000 tailers of one application at 100 lines a second, 10,000 idle tails.
. "$(dirname "$0")/lib.sh"

role doppler doppler 19102 LOGGREGATOR_Doppler__Listen=127.0.0.1:18082
role tc traffic-controller 19103 LOGGREGATOR_TrafficController__HttpListen=127.0.0.1:18081 \
  LOGGREGATOR_TrafficController__GrpcListen=127.0.0.1:18083 LOGGREGATOR_TrafficController__Dopplers=127.0.0.1:18082

through() {
  measure "$@" --ingress 127.0.0.1:18082 --ingress-name doppler --duration "$SECONDS_MEASURED" --pids "doppler=$doppler,tc=$tc"
}

through websocket-tailers-1000 --ws 'wss://127.0.0.1:18081/apps/{source}/stream' --tailers 1000 --sources 1 --rate 100 --batch 1 --warmup 5
through websocket-firehose-50k --ws 'wss://127.0.0.1:18081/firehose/load' --tailers 1 --rate 50000 --connections 2 --warmup 5
"$LOAD" idle --ws 'wss://127.0.0.1:18081/apps/idle-{n}/stream' --count "${IDLE:-10000}" --hold "${HOLD:-45}" --ca "$WORK/certs/ca.crt" \
  --pids "doppler=$doppler,tc=$tc" | tee "$RESULTS/websocket-idle.txt" || FAILED=1
exit "${FAILED:-0}"
