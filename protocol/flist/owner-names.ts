/** Told how the sender calls its users and groups. */
export interface OwnerNames {
  readonly user: (id: number, name: string) => void;
  readonly group: (id: number, name: string) => void;
}
