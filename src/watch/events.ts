/**
 * Which kinds of kernel events are acted upon: the switches of sersync's `<inotify>` element, under
 * their names there.
 */
export interface EventSwitches {
  /** Names that vanished; also whether anything is deleted at a target at all. */
  readonly delete: boolean;
  readonly createFolder: boolean;
  /** Creation of anything but a directory: files, symlinks, hard links, fifos. */
  readonly createFile: boolean;
  /** A file opened for writing was closed. */
  readonly closeWrite: boolean;
  readonly moveFrom: boolean;
  readonly moveTo: boolean;
  /** Mode, owner or times changed. */
  readonly attrib: boolean;
  /** Each write, before the file is closed. */
  readonly modify: boolean;
}

/** What sersync's own sample file switches on. */
export const defaultEvents: EventSwitches = {
  delete: true,
  createFolder: true,
  createFile: false,
  closeWrite: true,
  moveFrom: true,
  moveTo: true,
  attrib: false,
  modify: false,
};
