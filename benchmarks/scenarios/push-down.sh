#!/usr/bin/env bash
# Aggregates over 100,000 series on three Dopplers: carried out by the Dopplers, and, because of a function that keeps them from it, over all series in the
# Traffic Controller. mTLS between the roles.
. "$(dirname "$0")/lib.sh"

for i in 1 2 3; do
  role "doppler$i" doppler "1910$i" "LOGGREGATOR_Doppler__Listen=127.0.0.1:1808$i" "LOGGREGATOR_Doppler__Id=doppler-$i"
done
role tc traffic-controller 19104 LOGGREGATOR_TrafficController__HttpListen=127.0.0.1:18091 \
  LOGGREGATOR_TrafficController__GrpcListen=127.0.0.1:18093 "LOGGREGATOR_TrafficController__Dopplers=127.0.0.1:18081,127.0.0.1:18082,127.0.0.1:18083"
"$LOAD" series --cert "$WORK/certs/client.crt" --key "$WORK/certs/client.key" --ca "$WORK/certs/ca.crt" --url http://127.0.0.1:18091 --pid "$tc" \
  --ingress 127.0.0.1:18081 127.0.0.1:18082 127.0.0.1:18083 --series "${SERIES:-100000}" --times "${TIMES:-10}" \
  --query 'sum by (zone) (rate(requests_total[5m]))' \
  --query 'topk(5, rate(requests_total[5m]))' \
  --query 'sum by (zone) (sort(rate(requests_total[5m])))'
