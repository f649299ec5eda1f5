#!/usr/bin/env bash
# Installs what `make demo` and `make test` need on Debian 12 with a Rust toolchain. Asks nothing, can be run again at
# any time, and does nothing when nothing is missing.
#
#   tests/install.sh demo    what the demo needs
#   tests/install.sh test    that, and what the tests need
#
# Packages come from Debian through apt, as root or through sudo. Debian starts a service as soon as it is installed;
# here they are only programs, run by the demo and the tests as plain processes, so that is prevented.
set -euo pipefail

level=${1:-}
case $level in
    demo | test) ;;
    *) echo "usage: tests/install.sh demo|test" >&2; exit 2 ;;
esac
cd "$(dirname "$0")/.."

say() { printf '%s\n' "install: $*" >&2; }
fail() { say "$*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

if [ "$(id -u)" = 0 ]; then as_root=(); else as_root=(sudo); fi

packages() {
    # A C compiler for the bundled SQLite and the cryptography library; setpriv is in util-linux.
    echo gcc libc6-dev make pkg-config ca-certificates util-linux
    echo slapd ldap-utils
    echo apache2 libapache2-mod-auth-cas libapache2-mod-auth-openidc libapache2-mod-php php-cas php-cli php-curl php-xml
    # mellon_create_metadata makes a key with openssl. PHP serves SimpleSAMLphp by itself.
    echo libapache2-mod-auth-mellon openssl simplesamlphp
    # Etherpad runs on Node and comes from npm. Either of them may come from elsewhere than Debian.
    has node || echo nodejs
    has npm || echo npm
    if [ "$level" = test ]; then
        echo libapache2-mod-shib
        echo postgresql curl jq python3 python3-venv chromium xmlsec1
        # pdftotext, for the sheets that the browser prints.
        echo poppler-utils
        # systemd-analyze, for the unit of docs/how-to/install.md.
        echo systemd
        # The schemas of SAML, and what reads them.
        echo opensaml-schemas xmltooling-schemas libxml2-utils
        # What samael, the second opinion of tests/samael, is built against.
        echo libxmlsec1-dev libxml2-dev libssl-dev libclang-dev
        # A real identity provider, for the Python of Debian.
        echo python3-pysaml2
        # A mail of the ENT: Roundcube, and an IMAP server that takes our tokens.
        echo roundcube-core roundcube-sqlite3 dovecot-imapd
        # Calendars by CAS, and a watch over servers by SAML, with the tables it wants.
        echo sogo memcached zabbix-frontend-php zabbix-server-pgsql
    fi
}

install_packages() {
    local missing=()
    for package in $(packages); do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    has apt-get || fail "these packages are missing, and only Debian's apt is known here: ${missing[*]}"
    [ ${#as_root[@]} -eq 0 ] || has sudo || fail "run as root, or install sudo, to get: ${missing[*]}"
    say "installing ${missing[*]}"
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300)
    # Debian asks this file before it starts a service; 101 means no. One that was there already stays.
    local gate=/usr/sbin/policy-rc.d
    if [ ! -e $gate ]; then
        printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee $gate >/dev/null
        "${as_root[@]}" chmod 755 $gate
        # shellcheck disable=SC2064 # the value of now is wanted
        trap "${as_root[*]} rm -f $gate" EXIT
    fi
    "${apt[@]}" update >&2
    "${apt[@]}" install --no-install-recommends "${missing[@]}" >&2
    # And none of them starts by itself when the machine does.
    if [ -d /run/systemd/system ]; then
        for package in "${missing[@]}"; do
            case $package in
                slapd | apache2 | postgresql | sogo | memcached) "${as_root[@]}" systemctl disable --quiet "$package" >&2 || true ;;
                dovecot-imapd) "${as_root[@]}" systemctl disable --quiet dovecot >&2 || true ;;
                zabbix-server-pgsql) "${as_root[@]}" systemctl disable --quiet zabbix-server >&2 || true ;;
                libapache2-mod-shib) "${as_root[@]}" systemctl disable --quiet shibd >&2 || true ;;
            esac
        done
    fi
}

check_rust() {
    has cargo || fail "cargo is missing: a Rust toolchain is the one thing to install by hand, see https://rustup.rs"
    [ "$level" = test ] || return 0
    has cargo-fmt || rustup component add rustfmt >&2
    has cargo-clippy || rustup component add clippy >&2
    if ! has cargo-nextest; then
        say "building cargo-nextest, the test runner; this takes some minutes and happens once"
        cargo install --locked --quiet cargo-nextest >&2
    fi
}

# The Python clients of the tests and the products that come from there, each in a folder of its own.
install_python() {
    local name
    for name in python:requirements products:products; do
        local venv=target/${name%:*} wanted=tests/clients/${name#*:}.txt
        if ! cmp -s $wanted $venv/requirements.txt; then
            say "installing $wanted"
            rm -rf $venv
            python3 -m venv $venv
            $venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $wanted >&2
            cp $wanted $venv/requirements.txt
        fi
    done
}

# What drives the browser, and the Node client of the tests.
install_node() {
    local folder
    for folder in tests/browser tests/clients/node; do
        if ! cmp -s $folder/package-lock.json $folder/node_modules/.installed; then
            say "installing the packages of $folder"
            npm ci --prefix $folder --no-audit --no-fund --loglevel=error >&2
            cp $folder/package-lock.json $folder/node_modules/.installed
        fi
    done
}

# Etherpad, which finds its files only in a folder that is called `src`, and what it needs only below. No script of a package runs; what of it stays away is said in
# its package.json.
install_etherpad() {
    local wanted=tests/rig/etherpad place=target/etherpad
    if ! cmp -s $wanted/package-lock.json $place/installed; then
        say "installing Etherpad"
        rm -rf $place
        mkdir -p $place
        cp $wanted/package.json $wanted/package-lock.json $place/
        npm ci --prefix $place --ignore-scripts --no-audit --no-fund --loglevel=error >&2
        mv $place/node_modules/ep_etherpad-lite $place/src
        mv $place/node_modules $place/src/node_modules
        mkdir $place/node_modules
        ln -s ../src $place/node_modules/ep_etherpad-lite
        cp $wanted/package-lock.json $place/installed
    fi
}

install_packages
check_rust
install_etherpad
if [ "$level" = test ]; then
    install_python
    install_node
fi
