/** Signed addresses of media: they name the medium, an expiry, and cannot be made up. */

export type MediaFolder = 'image' | 'video'

export class MediaUrls {
  private readonly secret = crypto.randomUUID()
  /** Of the CDN, e.g. `http://127.0.0.1:1234/media`; known once the server listens. */
  base = ''

  constructor(
    private readonly now: () => number,
    private readonly lifetimeMs: number,
  ) {}

  /** PROTOCOL.md 2.17: the path contains `/video/<uuid>`. */
  sign(folder: MediaFolder, id: string): string {
    const expires = Math.ceil((this.now() + this.lifetimeMs) / 1000)
    return `${this.base}/${folder}/${id}?Expires=${expires}&Signature=${this.signature(folder, id, expires)}`
  }

  /** Whether the query is one that `sign` made and has not expired. */
  valid(folder: MediaFolder, id: string, query: URLSearchParams): boolean {
    const expires = Number(query.get('Expires'))
    return expires * 1000 > this.now() && query.get('Signature') === this.signature(folder, id, expires)
  }

  private signature(folder: MediaFolder, id: string, expires: number): string {
    return Bun.hash.xxHash64(`${this.secret}/${folder}/${id}/${expires}`).toString(16).padStart(16, '0')
  }
}
