/** The fields that request bodies may have, and what is said of a body that has others. PROTOCOL.md 1.4, 3.1. */
import { type Static, type TProperties, type TSchema, Type } from '@sinclair/typebox'
import { type TypeCheck, TypeCompiler, ValueErrorType } from '@sinclair/typebox/compiler'
import { unknownFieldMessage } from './answers.ts'

/** An object without further fields. */
export const strictObject = <P extends TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false })

const UUID = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
export const Uuid = Type.String({ pattern: UUID })

/** PROTOCOL.md 1.5. */
export const ClientContext = strictObject({
  recaptchaContext: Type.Optional(
    strictObject({ token: Type.Optional(Type.String()), applicationType: Type.Optional(Type.String()) }),
  ),
  sessionId: Type.String({ pattern: '^;[0-9]+$' }),
  projectId: Type.String(),
  tool: Type.Literal('PINHOLE'),
  userPaygateTier: Type.Optional(
    Type.Union([
      Type.Literal('PAYGATE_TIER_NOT_PAID'),
      Type.Literal('PAYGATE_TIER_ONE'),
      Type.Literal('PAYGATE_TIER_TWO'),
    ]),
  ),
})
export type ClientContext = Static<typeof ClientContext>

/** The older upload has a tool of its own and no project. PROTOCOL.md 2.6. */
export const UploadContext = strictObject({
  sessionId: ClientContext.properties.sessionId,
  tool: Type.Literal('ASSET_MANAGER'),
})

/** PROTOCOL.md 2.15: upsampling of videos is accepted without the project, the tool and the tier, too. */
export const UpsampleContext = strictObject({
  ...ClientContext.properties,
  projectId: Type.Optional(Type.String()),
  tool: Type.Optional(ClientContext.properties.tool),
})

const Share = Type.Optional(Type.Number({ minimum: 0, maximum: 1 }))
/** Parts of the width and height. PROTOCOL.md 2.9. */
export const CropCoordinates = strictObject({ top: Share, left: Share, bottom: Share, right: Share })

/** A part has text or a reference; both are optional here, so that an unknown field is named. */
export const StructuredPrompt = strictObject({
  parts: Type.Array(
    strictObject({
      text: Type.Optional(Type.String()),
      reference: Type.Optional(
        strictObject({ media: strictObject({ handle: Type.Optional(Type.String()), mediaId: Type.String() }) }),
      ),
    }),
    { minItems: 1 },
  ),
})

export const TextInput = strictObject({ structuredPrompt: StructuredPrompt })

/** The prompt as one text. */
export function promptText(prompt: Static<typeof StructuredPrompt>): string {
  return prompt.parts
    .map(part => part.text ?? '')
    .join('')
    .trim()
}

export interface ShapeProblem {
  /** E.g. `requests[0]`; empty for the body itself. */
  readonly field: string
  readonly message: string
}

export class BodyShape<T extends TSchema> {
  private readonly check: TypeCheck<T>

  constructor(schema: T) {
    this.check = TypeCompiler.Compile(schema)
  }

  /** Whether the body has the shape; unless `strict`, unknown fields are as good as absent. */
  accepts(body: unknown, strict: boolean): body is Static<T> {
    return this.check.Check(body) || this.problem(body, strict) === undefined
  }

  /** What is wrong, in Google's words; a field that there is not comes before one that is missing. */
  problem(body: unknown, strict: boolean): ShapeProblem | undefined {
    let first: ShapeProblem | undefined
    for (const error of this.check.Errors(body)) {
      if (error.type === ValueErrorType.ObjectAdditionalProperties) {
        if (!strict) continue
        const { parent, name } = split(error.path)
        return { field: parent, message: unknownFieldMessage(name, parent) }
      }
      first ??= wrongValue(dotted(error.path), error.value)
    }
    return first
  }
}

function wrongValue(field: string, value: unknown): ShapeProblem {
  if (value === undefined) return { field, message: `Invalid value at '${field}': required field is missing.` }
  return { field, message: `Invalid value at '${field}', ${JSON.stringify(value).slice(0, 80)}` }
}

/** `/requests/0/seed` → `requests[0].seed`. */
function dotted(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : path === '' ? part : `${path}.${part}`), '')
}

function split(pointer: string): { readonly parent: string; readonly name: string } {
  const at = pointer.lastIndexOf('/')
  return { parent: dotted(pointer.slice(0, at)), name: dotted(pointer.slice(at)) }
}
