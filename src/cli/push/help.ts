/** What `sersync push --help` says. */
export const pushHelp: string = `Usage: sersync push [rsync options] SRC… rsync://[user@]host[:port]/module/path
       sersync push [rsync options] SRC… [user@]host::module/path
       sersync push [rsync options] SRC… [user@]host:path

Pushes files to an rsync daemon, or over ssh, as rsync does; no rsync or ssh is needed here. Options have rsync's names
and meanings; one that sersync does not have is refused by name.

  what       -a -r -d -l -H -D -R -x -L -k --copy-unsafe-links --safe-links --munge-links
             --files-from=FILE -0 --no-implied-dirs --ignore-missing-args --no-i-r
  attributes -p -t -U -o -g -A -X -E -O -J --chmod --chown --usermap --groupmap --numeric-ids
  compared   -c --checksum-choice --checksum-seed -I -u --size-only --existing --ignore-existing
             --max-size --min-size --modify-window
  filters    --exclude --include --filter --exclude-from --include-from -C -F
  deletes    --delete --delete-before/during/delay/after --delete-excluded --max-delete --force
             --ignore-errors --delete-missing-args --remove-source-files -m
  sent       -z --compress-choice --compress-level --skip-compress -W -B --inplace --append
             --append-verify --partial --partial-dir --delay-updates -y --compare-dest
             --copy-dest --link-dest -S --preallocate --fsync -b --backup-dir --suffix -T --bwlimit
             --copy-devices --write-devices --open-noatime --iconv=LOCAL,REMOTE
  reached    --password-file (or RSYNC_PASSWORD) --port --timeout --contimeout --protocol
             --early-input -4 -6 --address --stop-after --stop-at; rsyncs:// for TLS; RSYNC_PROXY; -e 'ssh -p 2222' or RSYNC_RSH,
             --rsync-path, for host:path, ssh://host:port/path, or a daemon started there
  told       -n -v -q -i --out-format -P --progress --info=progress2 --stats -h --no-motd
             --log-file --log-file-format

A SRC that ends in / is sent as what is in it, another one with its own name.

Examples:
  sersync push -a site/ rsync://backup@host/module/site/ --password-file=/etc/rsync.pas
  sersync push -avn --delete --exclude='*.tmp' site/ host::module/site/
                                     say what would be sent and deleted, and change nothing
  sersync push -aR ./docs/./en/index.html host::module/
  sersync push -a --info=progress2 --stats big/ host::module/big/

Exit codes are rsync's: 1 options, 5 module or password, 10 connection, 11 files there, 12 protocol,
23 some files were not transferred, 24 some vanished, 25 --max-delete, 30 and 35 too late.
`;
