#!/usr/bin/env bash
# The built `dev`: time from its start until a line that was sent in comes out, and its resident memory when idle.
. "$(dirname "$0")/lib.sh"

begin=$(date +%s%N)
"$EXE" dev >"$WORK/dev.log" 2>&1 &
dev=$!
STARTED+=("$dev")
until curl -fs http://127.0.0.1:8081/health >/dev/null; do sleep 0.02; done
ready=$(date +%s%N)
(curl -sN 'http://127.0.0.1:8081/v2/read?log&source_id=first' | grep -m1 '"first"' >/dev/null; date +%s%N >"$WORK/served") &
reader=$!
while kill -0 "$reader" 2>/dev/null; do echo hello | "$EXE" emit --source first 2>/dev/null; done
served=$(cat "$WORK/served")
sleep 10
printf 'ready after %d ms, first line served after %d ms, idle resident %d MiB\n' \
  $(((ready - begin) / 1000000)) $(((served - begin) / 1000000)) $(($(awk '/VmRSS/ {print $2}' "/proc/$dev/status") / 1024))
