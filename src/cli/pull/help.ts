/** What `sersync pull --help` says. */
export const pullHelp: string = `Usage: sersync pull [rsync options] rsync://[user@]host[:port]/module/path… DEST
       sersync pull [rsync options] [user@]host::module/path… DEST
       sersync pull [rsync options] [user@]host:path… DEST

Fetches files from an rsync daemon, as rsync does; no rsync is needed here. Options have rsync's
names and meanings; one that sersync does not have is refused by name. Under every name there is the
old file or the complete new one, but with --inplace and --append; nothing outside of DEST, and of
the directories that options name, is written, whatever the daemon sends. A list with names that
were not asked for, or that the rules leave out, is refused, but with --trust-sender. Directories
that options name in DEST are not reached through links; -K follows the links to directories that
are in DEST.

  what       -a -r -d -l -H -D -R -x -L -k --copy-unsafe-links --safe-links --munge-links
             --files-from=FILE|:FILE -0 --no-implied-dirs --ignore-missing-args
             --copy-devices --iconv=LOCAL,REMOTE --trust-sender
  attributes -p -t -U -o -g -A -X -E -O -J -K --open-noatime --chmod --chown --usermap --groupmap
             --numeric-ids
  compared   -c -I -u --size-only --existing --ignore-existing --max-size --min-size --modify-window
  filters    --exclude --include --filter --exclude-from --include-from
  deletes    --delete --delete-before/during/delay/after --delete-excluded --max-delete --force
             --ignore-errors --remove-source-files -m
  received   -z --compress-choice -W -B --inplace --append --append-verify --partial --partial-dir
             --delay-updates -y --compare-dest --copy-dest --link-dest -S --preallocate --fsync
             -b --backup-dir --suffix -T --mkpath --bwlimit
  reached    --password-file (or RSYNC_PASSWORD) --port --timeout --contimeout --protocol
             --early-input -4 -6 --address; rsyncs:// for TLS; RSYNC_PROXY; -e 'ssh -p 2222' or RSYNC_RSH,
             --rsync-path, for host:path, where no wildcards are filled in
  told       -n -v -q -i --out-format -P --progress --info=progress2 --stats -h --no-motd
             --log-file --log-file-format; --list-only, or no DEST: only list

--compress-choice is zlibx, zlib, lz4 or, where Node has it, zstd.

--files-from names what is fetched below the one source: a file here, or with a colon before it a
file of the module. It sets -R, and -a then has no -r.

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
