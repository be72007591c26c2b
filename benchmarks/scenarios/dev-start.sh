#!/usr/bin/env bash
# The built `dev`: time from its start until a line that was sent in comes out, and its resident memory when idle.
. "$(dirname "$0")/lib.sh"

begin=$(date +%s%N)
"$EXE" dev --set Agent:Listen=127.0.0.1:13458 --set Agent:UdpListen=127.0.0.1:13457 --set Agent:Dopplers=127.0.0.1:18082 --set Doppler:Listen=127.0.0.1:18082 \
  --set TrafficController:HttpListen=127.0.0.1:18081 --set TrafficController:GrpcListen=127.0.0.1:18083 \
  --set TrafficController:Dopplers=127.0.0.1:18082 --set Metrics:Agent=127.0.0.1:19101 --set Metrics:Doppler=127.0.0.1:19102 \
  --set Metrics:TrafficController=127.0.0.1:19103 >"$WORK/dev.log" 2>&1 &
dev=$!
STARTED+=("$dev")
until curl -fs http://127.0.0.1:18081/health >/dev/null; do
  kill -0 "$dev" || { cat "$WORK/dev.log"; exit 1; }
  sleep 0.02
done
ready=$(date +%s%N)
{ curl -sN 'http://127.0.0.1:18081/v2/read?log&source_id=first' || true; } | { grep -m1 '"first"' >/dev/null; date +%s%N >"$WORK/served"; } &
while [ ! -s "$WORK/served" ]; do echo hello | "$EXE" emit --source first --agent 127.0.0.1:13458 2>/dev/null; done
served=$(cat "$WORK/served")
sleep 10
printf 'ready after %d ms, first line served after %d ms, idle resident %d MiB\n' \
  $(((ready - begin) / 1000000)) $(((served - begin) / 1000000)) $(($(awk '/VmRSS/ {print $2}' "/proc/$dev/status") / 1024))
