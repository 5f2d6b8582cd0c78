/** Accounts at Flow: a session token becomes a short-lived access token and a project (PROTOCOL.md 1.2, 2.1, 2.2, 2.4). */
import { type AccountDriver, domainFault, type OpenedAccess } from 'flow2api/contracts'
import { type Clock, err, errAsync, type Fault, ok, okAsync, type Result, type ResultAsync } from 'flow2api/plugin'
import type { Answer, FlowClient, Way } from './client.ts'
import { unreadableAnswer } from './errors.ts'
import { asObject } from './json.ts'
import type { Judge } from './judge.ts'
import { readCredits, readProject, readSession, type SessionAnswer } from './readers.ts'
import { projectRequest } from './requests.ts'
import { readSessionToken, rotatedToken } from './session-token.ts'
import { TIERS, tierOf } from './tiers.ts'

/** The session's `expires` is not the access token's end; that is about an hour after it was made (PROTOCOL.md 1.2). */
const ACCESS_LIFETIME_MS = 50 * 60_000
/** A clock that is off must not make every use of an account fetch its access anew. */
const LEAST_LIFETIME_MS = 60_000

/** Attributes that the driver keeps about an account. */
export const PROJECT_ID = 'project_id'
export const PROJECT_NAME = 'project_name'

/** Whose cookie the session token is; other sites have cookies of the same name. */
const SITE = 'labs.google'

export function accountDriver(client: FlowClient, clock: Clock, judge: Judge): AccountDriver {
  const createProject = (token: string, title: string, way: Way): ResultAsync<string, Fault> =>
    client
      .labs('project', '/trpc/project.createProject', token, way, projectRequest(title))
      .andThen(answer => projectOf(answer, judge))

  type Attributes = Readonly<Record<string, string>>
  /** Undefined: it has one already. */
  const project = (token: string, attributes: Attributes, way: Way): ResultAsync<Attributes | undefined, Fault> => {
    if (attributes[PROJECT_ID]) return okAsync(undefined)
    const title = attributes[PROJECT_NAME] || `Flow2API ${new Date(clock.now()).toISOString().slice(0, 10)}`
    return createProject(token, title, way).map(id => ({ ...attributes, [PROJECT_ID]: id, [PROJECT_NAME]: title }))
  }

  return {
    tiers: TIERS,
    site: SITE,
    readSecret: readSessionToken,
    open({ secret, attributes }, way) {
      const token = readSessionToken(secret)
      if (token.isErr()) return errAsync(token.error)
      return client.labs('session', '/auth/session', token.value, way).andThen(answer => {
        const rotated = rotatedToken(answer.headers, token.value)
        return sessionOf(answer, judge).asyncAndThen(session =>
          project(rotated ?? token.value, attributes, way)
            // The old token may be dead: losing the new one would lose the account. A project is made another time.
            .orElse(fault => (rotated === undefined ? errAsync(fault) : okAsync(undefined)))
            .map(
              (kept): OpenedAccess => ({
                access: session.accessToken,
                expiresAt: expiryOf(session, clock.now()),
                identity: {
                  ...(session.email !== undefined && { email: session.email }),
                  ...(session.name !== undefined && { name: session.name }),
                },
                ...(kept !== undefined && { attributes: kept }),
                ...(rotated !== undefined && { secret: rotated }),
              }),
            ),
        )
      })
    },
    measure({ account, fetch, signal }) {
      if (account === undefined)
        return errAsync(domainFault('internal_error', 'Credits were asked without an account.'))
      return client.api('credits', '/credits', account.access, { fetch, signal }).andThen(answer => {
        if (!isSuccess(answer)) return err(judge.answer(answer, 'plain'))
        const { credits, tier } = readCredits(answer.body)
        if (credits === undefined && tier === undefined) return err(unreadableAnswer('credits'))
        return ok({ credits: credits ?? 0, tier: tierOf(tier) })
      })
    },
  }
}

const isSuccess = ({ status }: Answer): boolean => status >= 200 && status < 300

const expiryOf = ({ expiresAt }: SessionAnswer, now: number): number =>
  Math.max(now + LEAST_LIFETIME_MS, Math.min(expiresAt ?? Number.POSITIVE_INFINITY, now + ACCESS_LIFETIME_MS))

/** Reads the three ways in which a 200 says no (PROTOCOL.md 0, 2.1). */
function sessionOf(answer: Answer, judge: Judge): Result<SessionAnswer & { readonly accessToken: string }, Fault> {
  if (!isSuccess(answer)) return err(labsFault(answer, judge))
  const body = asObject(answer.body)
  if (body === undefined) return err(unreadableAnswer('session'))
  const session = readSession(body)
  if (session.error === 'ACCESS_TOKEN_REFRESH_NEEDED')
    return err(
      needsSession(
        'Flow knows the session, but Google asks for a new sign-in. Sign in to labs.google in a browser again and enter the new session token.',
      ),
    )
  if (session.accessToken !== undefined) return ok({ ...session, accessToken: session.accessToken })
  if (session.signedIn && session.error === undefined)
    return err(
      domainFault(
        'account_migrated',
        'The account is signed in, but Flow gives it no access token: Google has most likely moved it to flow.google.com, which this provider does not speak. Use another account.',
      ),
    )
  return err(
    needsSession(
      'Flow does not know this session: the token is wrong, has expired or was signed out. Sign in to labs.google in a browser and enter the new session token.',
    ),
  )
}

function projectOf(answer: Answer, judge: Judge): Result<string, Fault> {
  if (!isSuccess(answer)) return err(labsFault(answer, judge))
  const id = readProject(answer.body)
  return id === undefined ? err(unreadableAnswer('project id')) : ok(id)
}

/** With the session cookie, 401 means the session and not the access token. */
function labsFault(answer: Answer, judge: Judge): Fault {
  return answer.status === 401
    ? needsSession(
        'Flow refused the session token. Sign in to labs.google in a browser again and enter the new session token.',
      )
    : judge.answer(answer, 'plain')
}

const needsSession = (message: string): Fault => domainFault('account_needs_session', message)
