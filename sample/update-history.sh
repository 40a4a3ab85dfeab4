#!/bin/sh
# Takes the sample's history out of the patches and back. See README.md beside this file.
#   sh sample/update-history.sh open DIR   make an ordinary repository of sample/history in DIR
#   sh sample/update-history.sh save DIR   write DIR's branch back to sample/history
set -eu

if [ "$#" -ne 2 ]; then
  echo "usage: $0 open|save DIR" >&2
  exit 2
fi
history=$(cd "$(dirname "$0")/history" && pwd)

# The same settings that src/demo/sample-project.ts uses, so that both make the same commits.
export LC_ALL=C GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_ATTR_NOSYSTEM=1 GIT_DEFAULT_HASH=sha1
export GIT_COMMITTER_NAME='Atelier sample' GIT_COMMITTER_EMAIL='sample@atelier.invalid'

case "$1" in
  open)
    git init --quiet --template= -b main "$2"
    cd "$2"
    git am --quiet --committer-date-is-author-date "$history"/*.patch
    ;;
  save)
    cd "$2"
    if [ -n "$(git status --porcelain)" ]; then
      echo "$0: $2 has changes that are not committed; commit them first" >&2
      exit 1
    fi
    new=$(mktemp -d)
    # No commit ids, versions or counts in the patches: a changed commit changes its own patch only.
    git format-patch --quiet --root HEAD --output-directory "$new" \
      --zero-commit --no-signature --no-numbered --no-stat --no-renames --abbrev=8 --encode-email-headers
    rm -f "$history"/*.patch
    mv "$new"/*.patch "$history"
    rmdir "$new"
    ;;
  *)
    echo "usage: $0 open|save DIR" >&2
    exit 2
    ;;
esac
echo "$(git rev-list --count HEAD) commits, head $(git rev-parse HEAD)"
