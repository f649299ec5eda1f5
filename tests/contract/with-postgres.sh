#!/bin/sh
# Runs a command beside a private PostgreSQL that is thrown away afterwards:
#
#     tests/contract/with-postgres.sh cargo nextest run -p preau-contract
#
# The server keeps its data in a new folder under target/, listens on a free loopback port and on a socket of its own, and
# ends with this script whatever happens. TEST_POSTGRES_URL tells the command where it is; when it is set already, that server is
# used and none is started. Stories lock the schemas they use in the folder TEST_POSTGRES_SCHEMAS.
#
# It does not wait for the disk, since nobody here pulls the plug: what processes that are killed leave is the same. With
# TEST_POSTGRES_FSYNC=on it waits, as in production: for figures.
set -eu

if [ $# -eq 0 ]; then
    echo "usage: $0 COMMAND [ARGUMENT...]" >&2
    exit 64
fi
if [ -n "${TEST_POSTGRES_URL:-}" ]; then
    exec "$@"
fi

# The newest server programs installed.
bin=
for candidate in /usr/lib/postgresql/*/bin; do
    if [ -x "$candidate/initdb" ]; then bin=$candidate; fi
done
if [ -z "$bin" ]; then
    echo "$0: PostgreSQL is not installed (Debian: apt-get install postgresql)" >&2
    exit 69
fi

root=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$root/target"
place=$(mktemp -d "$root/target/postgres.XXXXXX")
# A socket's path has at most 107 bytes, and the server's user must be able to walk to it: it stands in /tmp.
socket=$(mktemp -d /tmp/preau-pg.XXXXXX)

# The server refuses to run as root; then it runs as the user Debian made for it, under a folder that user can reach.
if [ "$(id -u)" -eq 0 ]; then
    chown postgres "$place" "$socket"
    if runuser -u postgres -- test -w "$place"; then :; else
        rmdir "$place"
        place=$(mktemp -d /tmp/preau-pgdata.XXXXXX)
        chown postgres "$place"
    fi
    as() { runuser -u postgres -- "$@"; }
else
    as() { "$@"; }
fi

stop() {
    status=$?
    trap - EXIT INT TERM HUP
    if [ -f "$place/data/postmaster.pid" ]; then
        as "$bin/pg_ctl" -D "$place/data" -m immediate -w stop >/dev/null 2>&1 || true
    fi
    rm -rf "$place" "$socket"
    exit "$status"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# The commands of the server are run from a folder its user may enter.
cd "$socket"
as "$bin/initdb" -D "$place/data" -U preau --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-instructions \
    >"$place/initdb.log" 2>&1 || { cat "$place/initdb.log" >&2; exit 70; }

# Without waiting, files are written when the server pleases: that is never, here.
case ${TEST_POSTGRES_FSYNC:-off} in
    on) durability="fsync=on -c synchronous_commit=on" ;;
    *) durability="fsync=off -c full_page_writes=off -c checkpoint_timeout=1h -c max_wal_size=8GB" ;;
esac

# A free port is found by trying: another process may take it between looking and listening.
port=$((20000 + $$ % 20000))
tries=0
until as "$bin/pg_ctl" -D "$place/data" -w -t 30 -l "$place/data/server.log" -o "-p $port -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories=$socket -c max_connections=200 -c $durability" start >/dev/null 2>&1
do
    tries=$((tries + 1))
    if [ $tries -ge 20 ]; then
        cat "$place/data/server.log" >&2
        echo "$0: the server did not start" >&2
        exit 70
    fi
    port=$((20000 + (port + 997) % 20000))
done
as "$bin/createdb" -h "$socket" -p "$port" -U preau preau_test

cd "$OLDPWD"
TEST_POSTGRES_URL="postgres://preau@127.0.0.1:$port/preau_test"
TEST_POSTGRES_SCHEMAS=$socket/schemas
mkdir "$TEST_POSTGRES_SCHEMAS"
export TEST_POSTGRES_URL TEST_POSTGRES_SCHEMAS
"$@"
