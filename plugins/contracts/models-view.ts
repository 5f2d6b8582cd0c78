/** Other ways to list models on paths that several APIs share, such as `GET /v1/models`. */
import { defineExtensionPoint, type Fault } from 'flow2api/plugin'

export interface ModelsView {
  /** The body of the whole list, where the request is of this view's kind; the caller's key was accepted before. */
  list(request: Request): object | undefined
  /** The body of one model, likewise. */
  one(request: Request, id: string): object | undefined
  /** What went wrong with such a request (its key, or its model), in this view's words. Absent: in those of the path's owner. */
  refusal?(request: Request, fault: Fault): Response | undefined
}

export const ModelsView = defineExtensionPoint<ModelsView>('models.view', 1)
