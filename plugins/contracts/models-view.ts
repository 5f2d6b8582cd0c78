/** Other ways to list models on paths that several APIs share, such as `GET /v1/models`. */
import { defineExtensionPoint } from 'flow2api/plugin'

export interface ModelsView {
  /** The body of the whole list, where the request is of this view's kind; the caller's key was accepted before. */
  list(request: Request): object | undefined
  /** The body of one model, likewise. */
  one(request: Request, id: string): object | undefined
}

export const ModelsView = defineExtensionPoint<ModelsView>('models.view', 1)
