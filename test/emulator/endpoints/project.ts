/** PROTOCOL.md 2.2, 2.3 */
import { Type } from '@sinclair/typebox'
import { trpcError, trpcResult } from '../answers.ts'
import { defineEndpoint } from '../endpoint.ts'
import { strictObject } from '../shapes.ts'

export const createProject = defineEndpoint({
  name: 'createProject',
  method: 'POST',
  path: '{labs}/trpc/project.createProject',
  auth: 'session',
  latency: 'projectMs',
  body: strictObject({ json: strictObject({ projectTitle: Type.String(), toolName: Type.Literal('PINHOLE') }) }),
  handle({ world, account, body }) {
    const { projectTitle } = body.json
    const projectId = world.accounts.createProject(account, projectTitle)
    return trpcResult({ projectId, projectInfo: { projectTitle } })
  },
})

export const deleteProject = defineEndpoint({
  name: 'deleteProject',
  method: 'POST',
  path: '{labs}/trpc/project.deleteProject',
  auth: 'session',
  latency: 'projectMs',
  body: strictObject({ json: strictObject({ projectToDeleteId: Type.String() }) }),
  handle({ account, body }) {
    if (!account.projects.delete(body.json.projectToDeleteId)) return trpcError(404, 'project.deleteProject')
    return trpcResult({})
  },
})
