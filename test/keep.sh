#!/bin/bash
# keep.sh - what `go test -exec` starts a compiled test with: keeps a copy of it for the copies in which it runs again.
#
# usage: keep.sh FOLDER PROGRAM [ARGUMENT...]
set -euo pipefail

repository=$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")
folder=$1${PWD#"$repository"}
mkdir -p "$folder"
cp -- "$2" "$folder/"
exec "${@:2}"
