#!/usr/bin/env bash
# Starts the demo in a folder of its own, walks through it with a headless Chromium, ends it. The pictures of the pages
# are in target/browser/pictures. The output is TAP.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=${CARGO_TARGET_DIR:-target}
place=$target/browser
rm -rf "$place"
mkdir -p "$place"

PREAU_DEMO_PORT=0 PREAU_DEMO_FOLDER=$place/demo "$target/debug/preau-demo" >"$place/demo.log" 2>&1 </dev/null &
demo=$!
trap 'kill -TERM $demo 2>/dev/null || true; wait $demo || true' EXIT
facts=$place/demo/demo.json
for ((i = 0; i < 1200; i++)); do
    [ ! -e "$facts" ] || break
    if ! kill -0 $demo 2>/dev/null; then break; fi
    sleep 0.1
done
if [ ! -e "$facts" ]; then
    echo "the demo did not start:" >&2
    cat "$place/demo.log" >&2
    exit 1
fi
PREAU_DEMO_JSON=$facts PREAU_PICTURES=$place/pictures \
    node --test --test-reporter=tap --test-concurrency=1 tests/browser/spoken.test.mjs tests/browser/walk.test.mjs tests/browser/neighbours.test.mjs tests/browser/activation.test.mjs tests/browser/proofs.test.mjs tests/browser/cards.test.mjs tests/browser/written.test.mjs tests/browser/mail.test.mjs tests/browser/factors.test.mjs
