#!/bin/sh
# Makes sure that everything outside of Swift packages is there: Swift, oneDNN, OpenSSL, curl, and Python with pip.
set -eu

if ! command -v swift >/dev/null; then
  echo "Edgewise needs Swift 6.3 or newer: see https://www.swift.org/install" >&2
  exit 1
fi

# Whether neither the system nor an administrator has put a header in its place, that of an architecture or of all.
lacks() {
  for place in /usr/include /usr/local/include /usr/include/*-linux-gnu*; do
    if [ -e "$place/$1" ]; then return 1; fi
  done
}

missing=""
if [ "$(uname)" = Linux ]; then
  if lacks oneapi/dnnl/dnnl.h; then missing=" libdnnl-dev"; fi
  if lacks openssl/evp.h; then missing="$missing libssl-dev"; fi
  # Any of the three that Debian has would do.
  if lacks curl/curl.h; then missing="$missing libcurl4-openssl-dev"; fi
fi
if ! python3 -m pip --version >/dev/null 2>&1; then
  missing="$missing python3-pip"
fi
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "Install these with your system's package manager, then run this again:$missing" >&2
  echo "(libdnnl-dev is the C library of oneDNN 2 or 3 with its headers, libssl-dev that of OpenSSL 1.1 or 3," >&2
  echo "libcurl4-openssl-dev that of curl 7.61 or newer)" >&2
  exit 1
fi
as_root=""
if [ "$(id -u)" != 0 ]; then
  as_root="sudo"
  if ! command -v sudo >/dev/null; then
    echo "Ask an administrator to run: apt-get install$missing" >&2
    exit 1
  fi
fi
echo "installing$missing" >&2
# shellcheck disable=SC2086 # a list of packages
{ $as_root apt-get update && $as_root apt-get install -y --no-install-recommends $missing; } >&2
