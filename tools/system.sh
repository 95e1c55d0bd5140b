#!/bin/sh
# Sees to what must come from the system: system.sh PYTHON [chromium] [strace] [openssl] [ssh] [chinese-font]
# As root on Debian or Ubuntu it installs what is missing; else it says what to install.
set -eu

python=$1
shift

missing=""

command -v "$python" >/dev/null || missing="$missing python3"
if command -v "$python" >/dev/null; then
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
        echo "Python 3.11 or newer is needed; $python is $("$python" --version 2>&1)." >&2
        exit 1
    }
    "$python" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
fi
for program in "$@"; do
    if [ "$program" = chinese-font ]; then
        fc-list :lang=zh | grep -q . || missing="$missing fonts-wqy-microhei"
    elif [ "$program" = ssh ]; then
        command -v ssh >/dev/null || missing="$missing openssh-client"
        command -v sshd >/dev/null || [ -x /usr/sbin/sshd ] || missing="$missing openssh-server"
        command -v ip >/dev/null || [ -x /usr/sbin/ip ] || missing="$missing iproute2"
    else
        command -v "$program" >/dev/null || missing="$missing $program"
    fi
done
command -v node >/dev/null && command -v npm >/dev/null || {
    echo "node 20 or newer with npm is needed, and was not found: https://nodejs.org" >&2
    exit 1
}
node -e 'process.exit(Number(parseInt(process.versions.node) < 20))' || {
    echo "node 20 or newer is needed; this is $(node --version)." >&2
    exit 1
}

[ -z "$missing" ] && exit 0

installs=no
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && installs=yes
case "$missing" in
    # Where systemd runs, the package starts an ssh server for good: that is for the machine's owner to decide.
    *openssh-server*) [ ! -d /run/systemd/system ] || installs=no ;;
esac

if [ "$installs" = yes ]; then
    echo "Installing$missing"
    apt-get update -q >/dev/null
    # shellcheck disable=SC2086  a list of package names
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing >/dev/null
else
    echo "Missing:$missing. Install it and try again: sudo apt-get install$missing" >&2
    exit 1
fi
