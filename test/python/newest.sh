#!/bin/sh
# The Python probe on CPythons that are newer than this system: Debian unstable is put into a folder and entered as root.
#
#     npm run test:newest                       the probe's own tests, on all that unstable has
#     npm run test:newest -- suites 3.14        CPython's own suites, bare and with the probe (see cpython_suites.py)
set -eu

root=${XDG_CACHE_HOME:-$HOME/.cache}/procession/unstable
here=$(cd "$(dirname "$0")/../.." && pwd)

if [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null; then
  echo 'This needs to be root, and debootstrap: apt-get install debootstrap.' >&2
  exit 2
fi
if [ ! -e "$root/ready" ]; then
  rm -rf "$root"
  debootstrap --variant=minbase unstable "$root"
  pythons=$(chroot "$root" apt-cache search --names-only '^python3\.[0-9]+$' | cut -d' ' -f1)
  for python in $pythons; do
    DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get install -y -q --no-install-recommends "$python" "lib$python-testsuite" || echo "$python can't be installed" >&2
  done
  touch "$root/ready"
fi

# Mounts end with the namespace they are made in.
exec unshare --mount --propagation private sh -eu -c '
  root=$1 here=$2
  shift 2
  mkdir -p "$root$here"
  mount --bind "$here" "$root$here"
  mount --rbind /proc "$root/proc"
  mount --rbind /dev "$root/dev"
  case "${1-}" in suites) shift; exec chroot "$root" python3 "$here/test/python/cpython_suites.py" "$@" ;; esac
  for python in $(ls "$root/usr/bin" | grep -E "^python3\.[0-9]+$"); do
    echo "== $python"
    chroot "$root" env -C "$here" PYTHONDONTWRITEBYTECODE=1 "$python" -m unittest discover -s test/python -t test/python
  done
' sh "$root" "$here" "$@"
