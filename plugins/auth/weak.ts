/** Credentials that everybody guesses first. Pure. */

const KNOWN: readonly string[] = [
  'admin',
  'administrator',
  'password',
  'passw0rd',
  '123456',
  '12345678',
  '123456789',
  'qwerty',
  'changeme',
  'secret',
  'root',
  'test',
  'flow2api',
  'han1234',
]

const SHORTEST_PASSWORD = 8
const SHORTEST_KEY = 16

export interface Configured {
  readonly api_key: string
  readonly admin_username: string
  readonly admin_password: string
}

/** One sentence for each value that is too weak for a public address; none of them repeats the value. */
export function weaknesses(configured: Configured): string[] {
  const found: string[] = []
  const password = configured.admin_password
  const guessable = KNOWN.includes(password.toLowerCase()) || password === configured.admin_username
  if (password && (guessable || password.length < SHORTEST_PASSWORD))
    found.push('[global] admin_password is easy to guess. Set a long random one, or leave it empty to have one made.')
  const key = configured.api_key
  if (key && (KNOWN.includes(key.toLowerCase()) || key.length < SHORTEST_KEY))
    found.push('[global] api_key is easy to guess. Set a long random one, or leave it empty to have one made.')
  return found
}

/** Whether others than this machine can reach that address. An address that cannot be read counts as public. */
export function isPublic(url: string): boolean {
  const host = URL.parse(url)?.hostname ?? ''
  return !(host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(\.\d+){3}$/.test(host))
}
