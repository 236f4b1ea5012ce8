#!/usr/bin/env bash
# The house's directions, as a test: who may include what (contrib/HACKING.md).
cd "$(dirname "$0")/.." || exit 1
n=0 bad=0
report() { # report NAME FOUND: a test, which fails if something was found
  n=$((n + 1))
  if [ -z "$2" ]; then
    echo "ok $n - $1"
  else
    bad=1
    echo "not ok $n - $1"
    echo "# ${2//$'\n'/$'\n'# }"
  fi
}
only() { # only NAME PATTERN HOME...: PATTERN occurs in no C file of the program outside HOME
  local name=$1 pattern=$2 found
  shift 2
  found=$(grep -rlE "$pattern" --include='*.[ch]' src fs sync | grep -vE "^($(IFS='|'; echo "$*"))\$")
  report "$name" "$found"
}
only "libcurl stays in http" '<curl/' 'sync/http\.[ch]'
only "FUSE stays in fs" '<fuse' 'fs/[a-z]+\.[ch]'
only "SQL stays in the store" '<sqlite3\.h>' 'src/store[a-z_]*\.[ch]' 'src/schema\.[ch]'
only "cJSON stays in the mappings" 'cJSON' 'sync/[a-z_]*json[a-z_]*\.[ch]'
only "fs and sync meet only in the store" '"(sync|cycle|remote|http)\.h"' 'sync/.*' 'src/cli/.*'
only "sync does not know the mount" '"(fs|node|handle|views|control)\.h"' 'fs/.*' 'src/cli/.*'
only "the mount's half of the store is the mount's" '"store_files\.h"' 'fs/.*' 'src/store_p\.h'
only "the sync's half of the store is the sync's" '"store_sync\.h"' 'sync/.*' 'src/store_p\.h'
narrow() { # narrow FOLDER...: no line of its C files is beyond 110 columns, a tab being eight
  local found
  found=$(grep -rl '' --include='*.[ch]' "$@" | while read -r f; do expand "$f" | LC_ALL=C.UTF-8 sed -n "/.\\{111\\}/{s|^ *\\(.\\{40\\}\\).*|$f: \\1 ...|p}"; done)
  report "no line of $* is beyond 110 columns" "$found"
}
narrow src fs sync
echo "1..$n"
exit $bad
