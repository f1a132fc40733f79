/** What `sersync pull --help` says. */
export const pullHelp: string = `Usage: sersync pull [rsync options] rsync://[user@]host[:port]/module/path… DEST
       sersync pull [rsync options] [user@]host::module/path… DEST
       sersync pull [rsync options] [user@]host:path… DEST

Fetches files from an rsync daemon, as rsync does; no rsync is needed here. Options have rsync's
names and meanings; one that sersync does not have is refused by name. Under every name there is the
old file or the complete new one; nothing outside of DEST is written, whatever the daemon sends.

  what       -a -r -d -l -H -D -R -x -L -k --copy-unsafe-links --safe-links --ignore-missing-args
  attributes -p -t -o -g -E -O -J --chmod --numeric-ids
  compared   -c -I -u --size-only --existing --ignore-existing --max-size --min-size --modify-window
  filters    --exclude --include --filter --exclude-from --include-from
  deletes    --delete --delete-before/during/delay/after --delete-excluded --max-delete --force
             --ignore-errors --remove-source-files
  received   -z --compress-choice=zlibx|zlib|lz4 -W -B --inplace --partial -S --fsync --mkpath
             --bwlimit
  reached    --password-file (or RSYNC_PASSWORD) --port --timeout --contimeout --protocol
             -4 -6 --address; rsyncs:// for TLS; RSYNC_PROXY; -e 'ssh -p 2222' or RSYNC_RSH,
             --rsync-path, for host:path, where no wildcards are filled in
  told       -n -v -q -i --out-format -P --progress --info=progress2 --stats -h --no-motd
             --list-only, or no DEST: only list

A path that ends in / is fetched as what is in it, another one with its own name; * ? [ ] in it are
for the daemon to fill in.

Examples:
  sersync pull -a rsync://backup@host/module/site/ ./site/ --password-file=/etc/rsync.pas
  sersync pull -avn --delete host::module/site/ ./site/
                                     say what would be fetched and deleted, and change nothing
  sersync pull -a --info=progress2 --stats host::module/big/ ./big/

Exit codes are rsync's: 1 options, 3 DEST, 5 module or password, 10 connection, 11 files here,
12 protocol, 23 some files were not transferred, 24 some vanished, 25 --max-delete, 30 and 35 too
late.
`;
