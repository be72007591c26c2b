#!/usr/bin/env bash
# Aggregates over 100,000 series on three Dopplers: carried out by the Dopplers, and, because of a function that keeps them from it, over all series in the
# Traffic Controller. Then rates of 1,000 series while 50,000 envelopes a second come in. mTLS between the roles.
. "$(dirname "$0")/lib.sh"

for i in 1 2 3; do
  role "doppler$i" doppler "1910$i" "LOGGREGATOR_Doppler__Listen=127.0.0.1:1808$i" "LOGGREGATOR_Doppler__Id=doppler-$i"
done
role tc traffic-controller 19104 LOGGREGATOR_TrafficController__HttpListen=127.0.0.1:18091 \
  LOGGREGATOR_TrafficController__GrpcListen=127.0.0.1:18093 "LOGGREGATOR_TrafficController__Dopplers=127.0.0.1:18081,127.0.0.1:18082,127.0.0.1:18083"
series() {
  "$LOAD" series --cert "$WORK/certs/client.crt" --key "$WORK/certs/client.key" --ca "$WORK/certs/ca.crt" --url http://127.0.0.1:18091 --pid "$tc" \
    --ingress 127.0.0.1:18081 127.0.0.1:18082 127.0.0.1:18083 "$@"
}
series --series "${SERIES:-100000}" --times "${TIMES:-10}" \
  --query 'sum by (zone) (rate(requests_total[5m]))' \
  --query 'topk(5, rate(requests_total[5m]))' \
  --query 'sum by (zone) (sort(rate(requests_total[5m])))'

"$LOAD" run --cert "$WORK/certs/client.crt" --key "$WORK/certs/client.key" --ca "$WORK/certs/ca.crt" --ingress 127.0.0.1:18081 --ingress-name doppler \
  --readers 0 --rate 50000 --warmup 1 --duration "${SECONDS_LOADED:-20}" --pids "doppler1=$doppler1,tc=$tc" >"$WORK/load.log" 2>&1 &
load=$!
sleep 3
series --name few_total --series 1000 --times 500 --query 'rate(few_total[5m])'
wait "$load" || FAILED=1
cat "$WORK/load.log"
exit "${FAILED:-0}"
