import type { Account } from '../../api/types.ts'

/** What an account is called: as its operator wrote it, else as the upstream does. */
export const labelOf = ({ id, remark, name, email }: Account): string => remark || name || email || `#${id}`
