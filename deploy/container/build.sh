#!/usr/bin/env bash
# Builds the container image "loggregator": ./deploy/container/build.sh [TAG]. Needs the .NET 10 SDK and a Docker engine.
set -euo pipefail
cd "$(dirname "$0")/../.."
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
dotnet publish src/Loggregator -c Release -r linux-x64 --self-contained -p:RestoreLockedMode=false -p:RestorePackagesWithLockFile=false \
  -o "$context" -v quiet
docker build --tag "loggregator:${1:-latest}" --file deploy/container/Dockerfile "$context"
