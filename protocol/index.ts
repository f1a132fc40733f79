export { type Agreement, compatFlags, isIncremental } from "./agreement.ts";

export {
  type ClientOptions,
  type ClientPushOptions,
  type DaemonListing,
  deletePaths,
  type ListedSource,
  listFiles,
  listModules,
  type PushSource,
  push,
} from "./client.ts";
export {
  admitsHost,
  type HostNames,
  type HostPattern,
  type HostRules,
  parseHostPatterns,
} from "./daemon/access/hosts.ts";
export { RefusedOptions } from "./daemon/access/options.ts";
export {
  findSecret,
  type SecretsFileState,
  secretsFileProblem,
} from "./daemon/access/secrets.ts";
export { type IsMember, parseAuthUsers } from "./daemon/access/users.ts";
export { canBeNamed, createDaemon } from "./daemon/daemon.ts";
export { MemoryModule } from "./daemon/memory-module.ts";
export type {
  Daemon,
  DaemonClient,
  DaemonEvent,
  DaemonModule,
  DaemonOptions,
  DaemonSession,
  DaemonTls,
  FindSecret,
  ListenAddress,
  ListenOptions,
  LoginDigest,
  ProcessIds,
  UserRule,
} from "./daemon/module.ts";
export { compileSuffixes } from "./delta/suffixes.ts";
export { type FailureCode, RsyncError, type RsyncErrorOptions } from "./errors.ts";
export { type Conversions, conversionOf, parseConversions } from "./flist/charset.ts";
export { type ModeChange, parseChmod } from "./flist/chmod.ts";
export {
  deletion,
  type FileEntry,
  fileTypes,
  isDirectory,
  isRegularFile,
  isSymlink,
} from "./flist/entry.ts";
export { FilterRules } from "./flist/filter.ts";
export { mergedRules, parsePatternFile } from "./flist/filter-file.ts";
export {
  type FilterRule,
  type FilterStep,
  impliedCvsRules,
  parseFilterRule,
  parsePatternRule,
} from "./flist/filter-rule.ts";
export { objectKey } from "./flist/hard-links.ts";
export type { IdNames } from "./flist/list.ts";
export { sortKey } from "./flist/order.ts";
export type { SessionFeatures } from "./handshake/argv.ts";
export type { Credentials } from "./handshake/auth.ts";
export { type ChecksumChoice, parseChecksumChoice } from "./handshake/checksum-choice.ts";
export type { FilesFrom } from "./handshake/files-from.ts";
export type { Module } from "./handshake/listing.ts";
export { TargetKnowledge } from "./knowledge.ts";
export {
  type FileListing,
  type ListedParts,
  type ListFilesOptions,
  listDirectory,
} from "./lister.ts";
export { observers } from "./observers.ts";
export type { AlternateDestination, CompressionName, TransferOptions } from "./options.ts";
export {
  asBytePath,
  type BytePath,
  baseName,
  displayPath,
  displayText,
  isWithin,
  joinPath,
  nativePath,
  parentPath,
  pathFromBytes,
  pathFromText,
  pathToBytes,
  rootPath,
} from "./path.ts";
export {
  hadNoSession,
  openSession,
  type PoolLook,
  type PoolOptions,
  SessionPool,
} from "./pool.ts";
export type { PushProgress } from "./progress.ts";
export { type PullOptions, pull } from "./pull.ts";
export type { PullJob } from "./pull-job.ts";
export {
  type PullFailure,
  type PullObserver,
  PullResult,
  type PullTotals,
} from "./pull-report.ts";
export { runPull } from "./puller.ts";
export {
  type Rename,
  type RenamedDirectory,
  renamedDirectory,
  renamedFile,
  renameTransfer,
} from "./rename.ts";
export { type RenameOptions, type RenameResult, rename } from "./renaming.ts";
export type {
  DaemonText,
  EntryStatus,
  ListsPushOptions,
  NamedStatus,
  PushObserver,
  PushOptions,
  PushReport,
} from "./report.ts";
export { type PathResult, PushResult } from "./result.ts";
export type { SendOutcome } from "./roles/file-sender.ts";
export type { ReceiveOutcome } from "./roles/receiving.ts";
export { type Item, itemFlags } from "./roles/request.ts";
export type { Traffic } from "./roles/traffic.ts";
export { Session } from "./session.ts";
export { type ArgumentOptions, ArgumentSource, type ListProblem } from "./source/arguments.ts";
export { LocalIdNames } from "./source/id-names.ts";
export { LocalTree } from "./source/local.ts";
export { type MemoryObject, MemoryTree } from "./source/memory.ts";
export { PathList, type PathListOptions } from "./source/path-list.ts";
export { expandRule, type RuleFiles } from "./source/rule-files.ts";
export type { FileSource, FileState, OpenFile } from "./source/source.ts";
export {
  type Branch,
  type DirectoryList,
  type ListSource,
  type Seed,
  TreeLists,
} from "./source/tree-lists.ts";
export { type Listing, type WalkOptions, walk, walkDirectories } from "./source/walk.ts";
export { listsOf, WalkBranch, type WalkBranchOptions } from "./source/walk-branch.ts";
export type { SessionOptions, Target } from "./target.ts";
export type { ObjectCounts, PushTotals } from "./totals.ts";
export type { Address, ConnectOptions } from "./transport/connect.ts";
export { inEnvironment, tlsFromEnvironment } from "./transport/environment.ts";
export { type HttpProxy, parseProxy } from "./transport/proxy.ts";
export { parseRemoteShell, type RemoteShell, type SshOptions } from "./transport/ssh/options.ts";
export type { TlsOptions } from "./transport/tls.ts";
export { type DaemonUrl, parseDaemonUrl } from "./url.ts";
