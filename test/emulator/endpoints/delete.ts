/** PROTOCOL.md 2.19: two ways to delete media. What is not there is not found (assumed), and then nothing is deleted. */
import { Type } from '@sinclair/typebox'
import type { Account } from '../accounts.ts'
import { googleError, json, trpcError, trpcResult } from '../answers.ts'
import { defineEndpoint } from '../endpoint.ts'
import { strictObject } from '../shapes.ts'
import type { World } from '../world.ts'

const Ids = Type.Array(Type.String(), { minItems: 1 })

export const deleteMedia = defineEndpoint({
  name: 'deleteMedia',
  method: 'POST',
  path: '{labs}/trpc/media.deleteMedia',
  auth: 'session',
  body: strictObject({ json: strictObject({ names: Ids }) }),
  handle: ({ world, account, body }) =>
    remove(world, account, body.json.names) ? trpcResult({}) : trpcError(404, 'media.deleteMedia'),
})

export const deleteAssets = defineEndpoint({
  name: 'deleteAssets',
  method: 'POST',
  path: '{api}/flow:batchDeleteAssets',
  auth: 'access',
  body: strictObject({ mediaIds: Ids }),
  handle: ({ world, account, body }) => (remove(world, account, body.mediaIds) ? json({}) : googleError(404)),
})

function remove(world: World, account: Account, ids: readonly string[]): boolean {
  if (!ids.every(id => world.media.ofAccount(account, id))) return false
  for (const id of ids) world.media.forget(id)
  return true
}
