#!/usr/bin/env bash
# Builds the container image "loggregator" from what git tracks here, changed files included: ./deploy/container/build.sh [TAG]
# Needs the .NET 10 SDK, git, a Docker engine, and Linux on x64 with glibc and OpenSSL 3, whose libraries go into the image.
set -euo pipefail
cd "$(dirname "$0")/../.."
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
root=$context/root opt=$context/root/opt/loggregator

# A copy, because the runtime for one platform enters the lock files, and the tree here must not change.
mkdir "$context/source"
git ls-files -z | xargs -0 cp --parents --no-dereference --target-directory "$context/source"
dotnet publish "$context/source/src/Loggregator" -c Release -r linux-x64 --self-contained -o "$opt" -v quiet -p:RunAnalyzers=false

# Of Kafka's native library the build that needs nothing beyond libc: the first choice wants libsasl2, the other one musl.
rm -f "$opt/librdkafka.so" "$opt/alpine-librdkafka.so"

# What the executable and its libraries are linked to, and OpenSSL, which is loaded by name.
openssl=$(ldconfig -p | awk '/libssl\.so\.3 .*x86-64/ { print $NF; exit }')
ldd "$opt/loggregator" "$opt"/*.so "${openssl:?There is no libssl.so.3 here: install OpenSSL 3.}" |
  awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\/.*\/ld-linux/ { print $1 }' | sort -u |
  xargs cp --parents --dereference --target-directory "$root"
cp --parents --dereference --target-directory "$root" "$openssl" /etc/ssl/certs/ca-certificates.crt
echo "hosts: files dns" >"$root/etc/nsswitch.conf"
echo "loggregator:x:10001:10001::/var/lib/loggregator:/sbin/nologin" >"$root/etc/passwd"
mkdir -p "$context/owned/certs" "$context/owned/var/lib/loggregator" # volumes begin as copies of these, owner included

cp deploy/container/Dockerfile "$context/Dockerfile"
rm -rf "$context/source"
DOCKER_BUILDKIT=0 docker build --quiet --tag "loggregator:${1:-latest}" "$context" >/dev/null
echo "loggregator:${1:-latest} is built."
