/** Who may do what: the API key for clients, name and password for the operator. See README.md. */
import { type AuditEntry, Audited, Auth } from 'flow2api/contracts'
import { Announcement, definePlugin, FaultError, secret, t } from 'flow2api/plugin'
import { apiKey, CredentialStore, ensurePassword, type Unseen } from './credentials.ts'
import { hashPassword, Login } from './login.ts'
import init from './migrations/0000_init.sql' with { type: 'text' }
import { routes } from './routes.ts'
import { sessionRoutes } from './session-routes.ts'
import { Sessions } from './sessions.ts'
import { LoginThrottle, newThrottleState } from './throttle.ts'
import { Verifier } from './verify.ts'
import { isPublic, weaknesses } from './weak.ts'

const SWEEP_MS = 60 * 60_000

export default definePlugin({
  name: 'auth',
  version: '1.0.0',
  section: 'global',
  config: t.Object(
    {
      api_key: secret(t.String({ default: '', description: 'Key of the clients. Empty: made at first start.' })),
      admin_username: t.String({
        default: 'admin',
        minLength: 1,
        pattern: '^[^:]+$',
        description: 'Name of the operator.',
      }),
      admin_password: secret(
        t.String({ default: '', description: 'Password of the operator. Empty: made at first start.' }),
      ),
    },
    { additionalProperties: false },
  ),
  provides: [Auth],
  migrations: [{ name: '0000_init', sql: init }],
  async setup(ctx) {
    const { config, clock, db, secrets } = ctx
    const store = new CredentialStore(db, clock)
    const key = apiKey(config.api_key, store, secrets)
    if (key.isErr()) throw new FaultError(key.error)
    const unseen = [...key.value.unseen, ...(await ensurePassword(config.admin_password, store, hashPassword))]

    const throttle = new LoginThrottle(await ctx.shared('login-throttle', newThrottleState), clock)
    const login = new Login(config, store, throttle, clock)
    const sessions = new Sessions(db, clock)
    const publicUrl = () => ctx.publicUrl()
    const verifier = new Verifier(key.value.value, sessions, login, publicUrl)
    ctx.provide(Auth, verifier)

    /** Ends every session of another name or password than today's. */
    const dropForeignSessions = () => {
      const kept = store.get('sessions_for')
      const belongTo = kept && secrets.open(kept.value).unwrapOr('')
      if (belongTo === login.identity) return
      sessions.closeAll()
      store.put('sessions_for', secrets.seal(login.identity))
    }
    const audit = (entry: AuditEntry) => ctx.emit(Audited, entry)
    ctx.http({
      routes: () => routes({ login, sessions, verifier, publicUrl, dropSessions: dropForeignSessions, audit }),
    })
    ctx.http({ routes: () => sessionRoutes({ login, sessions, verifier, audit }) })
    ctx.every(SWEEP_MS, () => sessions.sweep())

    return {
      live() {
        if (unseen.length > 0) {
          ctx.emit(Announcement, { lines: unseen.map(made => describe(made, config.admin_username)) })
          for (const { name } of unseen) store.announced(name)
          ctx.log.warn(
            `made at first start and shown on the console only: ${unseen.map(({ name }) => name).join(', ')}`,
          )
        }
        const warnings = ctx.listensPublicly() || isPublic(ctx.publicUrl()) ? weaknesses(config) : []
        if (warnings.length > 0) ctx.emit(Announcement, { lines: warnings.map(line => `WARNING: ${line}`) })
        for (const warning of warnings) ctx.log.warn(warning)
        dropForeignSessions()
      },
    }
  },
})

const describe = ({ name, value }: Unseen, username: string): string =>
  name === 'api_key' ? `API key:         ${value}` : `Admin login:     ${username} / ${value}`
